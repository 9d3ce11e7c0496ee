"""SIGKILL at a random moment under load, on SQLite: every answered act must be there after a restart."""

import http.client
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

CLIENTS = 6
# Seconds between the first request and the kill.
EARLIEST, LATEST = 0.05, 0.4
# Signing in costs a hash, so only some of the new accounts are tried after a kill; all are looked up in the file.
SIGN_INS_TRIED = 2
PASSWORD = "copper kettle violin harbour"


@dataclass
class Session:
    """A session whose beginning was answered."""

    id: str
    cookie: str
    # None: nobody asked for it. False: asked for, and the answer never came, so that both outcomes are right.
    signed_out: bool | None = None


@dataclass
class Answered:
    """What the server has said it did."""

    accounts: dict[str, str] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    # Sessions that began with a sign-in, not with the sign-up.
    sign_ins: int = 0

    def acts(self):
        outs = sum(session.signed_out is True for session in self.sessions)
        return {"sign-ups": len(self.accounts), "sign-ins": self.sign_ins, "sign-outs": outs}


class Lost(Exception):
    """An answered act is not there, or the file is damaged."""


class Unexpected(Exception):
    """The server answered what it should not."""


class Server:
    """The release binary on one data directory, which outlives it."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.port, self.process = binary, folder, free_port(), None
        self.database = folder / "data" / "nightlatch.db"
        self.log = folder / "log"
        self.settings = {
            "ROCKET_PORT": str(self.port),
            "NIGHTLATCH_DATA_DIR": str(folder / "data"),
            "NIGHTLATCH_LOG__FORMAT": "text",
            "NIGHTLATCH_SIGNUP__VERIFY_EMAIL": "false",
            # Everybody comes from one address here.
            "NIGHTLATCH_LIMITS__ENABLED": "false",
            # The cheapest hash that is allowed: more acts in the same time.
            "NIGHTLATCH_PASSWORD__MEMORY_KIB": "7168",
            "NIGHTLATCH_PASSWORD__ITERATIONS": "5",
        }

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.binary], cwd=self.folder, env=self.settings, stdout=log, stderr=log)
        give_up = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                if Client(self).get("/health/ready")[0] == 200:
                    return
            except OSError:
                time.sleep(0.005)
        raise Unexpected("the server did not start; its log ends with:\n" + self.log.read_text()[-2000:])

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Client:
    """One connection, kept open. It carries a cookie only when told to."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        self.host = f"localhost:{server.port}"
        self.cookie = f"nightlatch-{server.port}"

    def get(self, path, cookie=None):
        return self.request("GET", path, cookie)

    def post(self, path, body=None, cookie=None):
        return self.request("POST", path, cookie, body)

    def request(self, method, path, cookie, body=None):
        headers = {"Host": self.host, "X-Requested-With": "crash"}
        if cookie:
            headers["Cookie"] = cookie
        if body is not None:
            headers["Content-Type"], body = "application/json", json.dumps(body)
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read()
        # The session's, and not what the browser is recognised by.
        lines = response.headers.get_all("Set-Cookie") or []
        set_cookie = next((line.split(";")[0] for line in lines if line.startswith(f"{self.cookie}=")), "")
        return response.status, json.loads(text) if text else None, set_cookie


class Addresses:
    """Each one once, for several threads."""

    def __init__(self):
        self.numbers, self.lock = itertools.count(), threading.Lock()

    def __next__(self):
        with self.lock:
            return f"p{next(self.numbers)}@example.com"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def act(server, answered, addresses, known, faults):
    """Signs up, in and out until the server is gone; notes what was answered, whole, and nothing else."""
    try:
        client = Client(server)
        while True:
            mine = [one for one in answered.sessions if one.signed_out is None]
            what = random.choice(["up", "in", "out"])
            if what == "out" and mine:
                one = random.choice(mine)
                one.signed_out = False
                expect(204, client.post("/api/auth/logout", cookie=one.cookie))
                one.signed_out = True
            elif what == "in" and known:
                login = {"email": random.choice(known), "password": PASSWORD}
                answered.sessions.append(session(expect(200, client.post("/api/auth/signin", login))))
                answered.sign_ins += 1
            else:
                email = next(addresses)
                new = expect(201, client.post("/api/auth/signup", {"email": email, "password": PASSWORD}))
                answered.accounts[email] = new[0]["user"]["id"]
                answered.sessions.append(session(new))
    except (OSError, http.client.HTTPException):
        # The kill: what was asked last has no answer.
        pass
    except Exception as fault:
        faults.append(fault)


def expect(wanted, answer):
    status, body, cookie = answer
    if status != wanted:
        raise Unexpected(f"{status} instead of {wanted}: {body}")
    return body, cookie


def session(answer):
    body, cookie = answer
    return Session(body["session"]["session_id"], cookie)


def load_and_kill(server, addresses, known):
    """One load with one kill; gives what was answered before it. `known` are accounts of earlier rounds."""
    # One each, so that no count is written by two.
    parts, faults = [Answered() for _ in range(CLIENTS)], []
    threads = [threading.Thread(target=act, args=(server, part, addresses, known, faults)) for part in parts]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(EARLIEST, LATEST))
    server.kill()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    whole = Answered()
    for part in parts:
        whole.accounts.update(part.accounts)
        whole.sessions += part.sessions
        whole.sign_ins += part.sign_ins
    return whole


def look_into_file(server, answered):
    """Every answered act has its row and its event, and the file is sound."""
    database = sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)
    check = [row[0] for row in database.execute("PRAGMA integrity_check")]
    if check != ["ok"]:
        raise Lost(f"integrity_check says {check}")
    if database.execute("PRAGMA foreign_key_check").fetchall():
        raise Lost("a row refers to one that is not there")
    users = dict(database.execute("SELECT email, id FROM users WHERE password_hash IS NOT NULL"))
    reasons = dict(database.execute("SELECT id, end_reason FROM sessions"))
    ended = dict(database.execute("SELECT id, ended_at IS NOT NULL FROM sessions"))
    events = set(database.execute("SELECT type, COALESCE(session_id, user_id) FROM events"))
    database.close()
    for email, user in answered.accounts.items():
        if users.get(email) != user or ("user.created", user) not in events:
            raise Lost(f"the sign-up of {email}")
    for one in answered.sessions:
        if one.id not in ended or ("session.started", one.id) not in events:
            raise Lost(f"the session {one.id}")
        if one.signed_out is None and ended[one.id]:
            raise Lost(f"the session {one.id}: it ended and nobody had asked for it")
        if one.signed_out and (reasons[one.id] != "logged_out" or ("session.ended", one.id) not in events):
            raise Lost(f"the sign-out of the session {one.id}")


def audit(server):
    """The audit trail is sealed so far as it is, and no row fell out of it."""
    command = [server.binary, "check", "--audit"]
    check = subprocess.run(command, cwd=server.folder, env=server.settings, capture_output=True, text=True)
    if check.returncode != 0:
        raise Lost(f"the audit trail: {check.stdout}{check.stderr}")


def ask_server(server, answered):
    """Tokens are taken or refused as answered, and new accounts sign in."""
    client = Client(server)
    for one in answered.sessions:
        status, body, _ = client.get("/api/auth/session?passive", one.cookie)
        if one.signed_out is None and (status != 200 or body["session_id"] != one.id):
            raise Lost(f"the token of the session {one.id}: {status} {body}")
        if one.signed_out and (status != 401 or body.get("reason") != "logged_out"):
            raise Lost(f"the sign-out of the session {one.id}: its token is answered {status} {body}")
    some = random.sample(sorted(answered.accounts), min(SIGN_INS_TRIED, len(answered.accounts)))
    for email in some:
        status, body, _ = client.post("/api/auth/signin", {"email": email, "password": PASSWORD})
        if status != 200:
            raise Lost(f"the sign-up of {email}: it does not sign in, {status} {body}")


def run(binary, rounds):
    began, total, addresses = time.monotonic(), Answered(), Addresses()
    with tempfile.TemporaryDirectory(prefix="nightlatch-crash.") as folder:
        server = Server(binary, Path(folder))
        server.start()
        try:
            for number in range(1, rounds + 1):
                answered = load_and_kill(server, addresses, list(total.accounts))
                server.start()
                look_into_file(server, answered)
                audit(server)
                ask_server(server, answered)
                total.accounts.update(answered.accounts)
                total.sessions += answered.sessions
                total.sign_ins += answered.sign_ins
                if number % 10 == 0 or number == rounds:
                    print(f"round {number}: {words(total)} answered, 0 lost", flush=True)
            # What an earlier round has seen may have gone in a later one.
            look_into_file(server, total)
        except Lost as lost:
            print(f"round {number}: LOST: {lost}", file=sys.stderr)
            return 1
        finally:
            if server.process.poll() is None:
                server.kill()
    # On a busy machine rounds are poor, but not all of them.
    if min(total.acts().values()) < rounds / 4:
        print(f"too little happened to say anything: {words(total)} in {rounds} rounds", file=sys.stderr)
        return 1
    acts = sum(total.acts().values())
    print(f"{rounds} rounds, {acts} acts checked, 0 lost, integrity_check ok each time, {time.monotonic() - began:.0f} s")
    return 0


def words(answered):
    return ", ".join(f"{count} {name}" for name, count in answered.acts().items())


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], int(sys.argv[2])))
