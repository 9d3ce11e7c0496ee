"""Requests to one node or through the proxy, each on a connection of its own."""

import http.client
import json
import random
import select
import ssl
from dataclasses import dataclass

# Longer than any outage that is made here, and than a node waits for its database.
PATIENCE = 20


@dataclass
class Answer:
    """`cookie` is the session's, where it was given a new one."""

    status: int
    body: dict
    cookie: str

    @property
    def reason(self):
        return self.body.get("reason")


class NoAnswer(Exception):
    """The connection ended, or nothing came in time: whether the request did anything is unknown."""


class Request:
    """Connected when it is made, so that it is there as soon as it is sent."""

    def __init__(self, connection, what, credentials=None, body=None):
        self.connection, self.what, self.body = connection, what, body
        self.headers = {"X-Requested-With": "cluster", **(credentials or {})}
        if body is not None:
            self.headers["Content-Type"], self.body = "application/json", json.dumps(body)
        try:
            connection.connect()
        except OSError as error:
            raise NoAnswer(error) from error

    def send(self):
        try:
            self.connection.request(*self.what.split(), self.body, self.headers)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(error) from error
        return self

    def is_answered(self, seconds):
        return bool(select.select([self.connection.sock], [], [], seconds)[0])

    def answer(self):
        try:
            response = self.connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(error) from error
        finally:
            self.connection.close()
        is_json = "json" in (response.headers["Content-Type"] or "")
        lines = response.headers.get_all("Set-Cookie") or []
        cookie = next((line.split(";")[0] for line in lines if line.startswith("__Host-nightlatch=e")), "")
        return Answer(response.status, json.loads(text) if is_json else {}, cookie)


class Site:
    """The ways in: each node by itself, and the proxy in front of both."""

    def __init__(self, proxy_port, node_ports, authority):
        self.proxy_port, self.node_ports = proxy_port, node_ports
        self.tls = ssl.create_default_context(cafile=authority)

    def at(self, node):
        port = self.node_ports[node]
        return lambda *request: Request(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE), *request)

    def through_proxy(self, *request):
        # Many callers: the proxy counts the requests of each address.
        caller = f"127.{random.randint(1, 250)}.{random.randint(0, 250)}.{random.randint(1, 250)}"
        options = {"timeout": PATIENCE, "context": self.tls, "source_address": (caller, 0)}
        return Request(http.client.HTTPSConnection("localhost", self.proxy_port, **options), *request)
