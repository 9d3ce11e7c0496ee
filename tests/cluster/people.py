"""Accounts, each with somebody signed in in a browser and with a program."""

import re
import threading
import time

PASSWORD = "copper kettle violin harbour"
NEW_PASSWORD = "lantern walnut drizzle compass"


class Unexpected(Exception):
    """The server answered what it should not, or not enough happened to say anything."""


class Held:
    """What somebody holds of a session."""

    def __init__(self, credentials, session_id=None):
        self.credentials, self.id = credentials, session_id


class Person:
    """A new account. Its two sessions begin on the same node or not, as its number says."""

    def __init__(self, cluster, nodes=(0, 1, 1, 0)):
        number = cluster.next_number()
        self.cluster, self.login = cluster, {"email": f"p{number}@example.com", "password": PASSWORD}
        new = cluster.ask(nodes[number % len(nodes)], 201, "POST /api/auth/signup", None, self.login)
        self.id, self.email = new.body["user"]["id"], new.body["user"]["email"]
        self.browser = Held({"Cookie": new.cookie}, new.body["session"]["session_id"])
        issued = cluster.ask(nodes[number // 2 % len(nodes)], 200, "POST /api/auth/token", None, self.login)
        self.program, self.refresh = program(issued)

    def refreshed(self, token):
        return program(self.cluster.ask(0, 200, "POST /api/auth/token/refresh", None, {"refresh_token": token}))

    def program_id(self):
        items = self.cluster.ask(0, 200, "GET /api/account/sessions", self.browser.credentials).body["items"]
        return next(item["id"] for item in items if item["kind"] == "api")


def program(answer):
    """What a program holds, and its refresh token."""
    return Held({"Authorization": f"Bearer {answer.body['access_token']}"}), answer.body["refresh_token"]


def superuser(cluster):
    """Somebody who looks after the accounts of others, with a password given just now."""
    login = {"email": "superuser@example.com", "password": PASSWORD}
    if not cluster.has_superuser:
        cluster.command(["user", "create", "--superuser", "--password-stdin", "--email", login["email"]], PASSWORD)
        cluster.has_superuser = True
    return program(cluster.ask(0, 200, "POST /api/auth/token", None, login))[0]


class Letters:
    """The codes in what the mail server kept."""

    def __init__(self, folder):
        self.folder, self.read, self.codes, self.lock = folder, set(), {}, threading.Lock()

    def code(self, address):
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            with self.lock:
                self.look()
                if address in self.codes:
                    return self.codes.pop(address)
            time.sleep(0.02)
        raise Unexpected(f"no letter with a code to {address}")

    def look(self):
        for file in self.folder.glob("*.eml"):
            if file.name not in self.read:
                self.read.add(file.name)
                text = file.read_text()
                code = re.search(r"[0-9]{4} [0-9]{4}", text)
                if code:
                    self.codes[re.search(r"^To: <?([^>\s]+)", text, re.MULTILINE)[1]] = code[0]
