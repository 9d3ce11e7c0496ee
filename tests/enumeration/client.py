"""Somebody who asks on one connection, takes the time, and notes all that an answer tells."""

import http.client
import json
import re
import secrets
import time
import urllib.parse
from dataclasses import dataclass

API = {
    "signin": "/api/auth/signin",
    "token": "/api/auth/token",
    "signup": "/api/auth/signup",
    "verify": "/api/auth/verify-email",
    "resend": "/api/auth/verify-email/resend",
    "forgot": "/api/auth/forgot-password",
    "reset": "/api/auth/reset-password",
}
PAGES = {
    "signin": "/signin",
    "signup": "/signup",
    "verify": "/verify-email",
    "resend": "/verify-email/resend",
    "forgot": "/forgot-password",
    "reset": "/reset-password",
}

# In a body: addresses, which whoever sees them typed; requests; the password that a page proposes.
DRAWN = [r"[a-z]+-*\d{4}@example\.com", r'(?<="request":")[\w-]{22}(?=")', r"(?<=for example: <code>)[a-z-]+(?=</code>)"]


@dataclass
class Answer:
    """`outline` is the answer without what was typed or drawn by lot; `request` is what a mailed code would answer."""

    seconds: float
    outline: str
    request: str


class Client:
    def __init__(self, server):
        self.port, self.connection = server.port, http.client.HTTPConnection("localhost", server.port, timeout=20)
        self.connection.connect()

    def api(self, act, request=None, network=None, **fields):
        body = json.dumps({**fields, **({"request": request} if request else {})})
        return self.ask(API[act], body, {"Content-Type": "application/json"}, fields, network)

    def page(self, act, request=None, network=None, **fields):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://localhost:{self.port}"}
        if request:
            headers["Cookie"] = f"nightlatch-{self.port}-flow={request}"
        return self.ask(PAGES[act], urllib.parse.urlencode(fields), headers, fields, network)

    def ask(self, path, body, headers, fields, network):
        if network:
            headers["X-Forwarded-For"] = network
        began = time.perf_counter()
        self.connection.request("POST", path, body.encode(), headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        seconds = time.perf_counter() - began
        return Answer(seconds, outline(response, text), begun(response, text))


def outline(response, text):
    lines = [f"{response.status} {response.reason}"]
    lines += [f"{name}: {settled(name.lower(), value, text)}" for name, value in response.getheaders()]
    text = text.replace(response.headers["X-Request-Id"] or "\0", "…")
    for drawn in DRAWN:
        text = re.sub(drawn, "…", text)
    return "\n".join([*lines, "", text])


def settled(name, value, text):
    if name == "set-cookie":
        return re.sub(r"=[\w-]{22};", "=…;", value, count=1)
    if name == "content-length" and int(value) == len(text.encode()):
        return "that of the body"
    # How long a network has to wait goes by the clock, not by what it asked for.
    return "…" if name in ("date", "x-request-id", "retry-after") else value


def begun(response, text):
    """The request that an answer gives, in its body or in a cookie."""
    found = re.search(r'"request":"([\w-]+)"', text) or re.search(r"-flow=([\w-]+)", response.headers.get("Set-Cookie", ""))
    return found[1] if found else None


def no_request():
    return secrets.token_urlsafe(16)


def address(word, number=0):
    """All of one length: what shows them is as long for each."""
    return f"{word:-<10}{number:04}@example.com"
