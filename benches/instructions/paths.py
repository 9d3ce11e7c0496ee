"""The hot paths: what is asked most, and what is asked of a server that is under pressure."""

import http.client
import json
import re
import socket

from server import PASSWORD


class Client:
    """One connection that is kept. Each request leaves in one piece, or the server would wake once or twice as chance has it."""

    def __init__(self, port):
        self.host, self.socket = f"localhost:{port}", socket.create_connection(("localhost", port), timeout=60)

    def ask(self, status, method, path, headers=None, body=None):
        headers = {"Host": self.host, "X-Requested-With": "instructions", **(headers or {})}
        content = b"" if body is None else json.dumps(body).encode()
        if content:
            headers |= {"Content-Type": "application/json", "Content-Length": len(content)}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode() + content)
        answer = http.client.HTTPResponse(self.socket, method=method)
        answer.begin()
        text = answer.read()
        if answer.status != status:
            raise RuntimeError(f"{method} {path} answered {answer.status}, not {status}: {text[:300]}")
        return answer, text


def cookies(answer):
    """Those of the session and of the device, as a browser sends them back."""
    return {"Cookie": "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie"))}


def paths(client):
    """The name of each path, and one request of it."""
    person = {"email": "ann@example.com", "password": PASSWORD}
    cookie = cookies(client.ask(201, "POST", "/api/auth/signup", body=person)[0])
    gone = cookies(client.ask(200, "POST", "/api/auth/signin", body=person)[0])
    client.ask(204, "POST", "/api/auth/logout", gone)
    tokens = json.loads(client.ask(200, "POST", "/api/auth/token", body=person)[1])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    page = client.ask(200, "GET", "/dashboard", cookie)[1]
    style = re.search(rb'href="(/[^"]+\.css[^"]*)"', page)[1].decode()
    tag = {"If-None-Match": client.ask(200, "GET", style)[0].getheader("ETag")}

    def refresh():
        body = {"refresh_token": tokens["refresh_token"]}
        tokens.update(json.loads(client.ask(200, "POST", "/api/auth/token/refresh", body=body)[1]))

    return {
        "session": lambda: client.ask(200, "GET", "/api/auth/session", cookie),
        "session-passive": lambda: client.ask(200, "GET", "/api/auth/session?passive", cookie),
        "session-bearer": lambda: client.ask(200, "GET", "/api/auth/session", bearer),
        "session-ended": lambda: client.ask(401, "GET", "/api/auth/session", gone),
        "dashboard": lambda: client.ask(200, "GET", "/dashboard", cookie),
        "static": lambda: client.ask(200, "GET", style),
        "static-unchanged": lambda: client.ask(304, "GET", style, tag),
        "refresh": refresh,
    }
