"""A server, and what the system says of it."""

import base64
import http.client
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "crash"))
from crash import PASSWORD, Client, Server, expect, free_port  # noqa: E402

# All nodes of one run have the same.
SECRET = base64.b64encode(os.urandom(32)).decode()
# Seconds: longer than anything here may take.
PATIENCE = 30
# Each answer has these, whatever it is.
HEADERS = ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy", "Cache-Control")


class Wrong(Exception):
    """Something is not as it was promised."""


@dataclass
class Answer:
    """`seconds` is how long it took."""

    status: int
    body: str
    headers: http.client.HTTPMessage
    seconds: float

    @property
    def cookies(self):
        return [line.split(";")[0] for line in self.headers.get_all("Set-Cookie") or []]


class Node(Server):
    """A server with the usual hash, on SQLite or on PostgreSQL."""

    def __init__(self, binary, folder, postgres=None, **settings):
        folder.mkdir()
        super().__init__(binary, folder)
        self.postgres, self.metrics_port = postgres, free_port()
        del self.settings["NIGHTLATCH_PASSWORD__MEMORY_KIB"], self.settings["NIGHTLATCH_PASSWORD__ITERATIONS"]
        self.settings["NIGHTLATCH_METRICS__ADDRESS"] = f"127.0.0.1:{self.metrics_port}"
        if postgres:
            self.settings |= {"NIGHTLATCH_DATABASE_URL": postgres, "NIGHTLATCH_SECRET_KEY": SECRET}
        self.settings |= settings

    def sign_up(self, name):
        """Gives the cookie of the session that begins."""
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        return expect(201, Client(self).post("/api/auth/signup", body))[1]

    def ask(self, what, body=None, cookie=None):
        """On a connection of its own."""
        method, path = what.split()
        headers = {"Host": f"localhost:{self.port}", "X-Requested-With": "overload"}
        if cookie:
            headers["Cookie"] = cookie
        if isinstance(body, dict):
            headers["Content-Type"], body = "application/json", json.dumps(body)
        elif body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection, began = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE), time.monotonic()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return Answer(response.status, text, response.headers, time.monotonic() - began)

    def stop(self):
        """Gives how long that took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(PATIENCE)
        return time.monotonic() - began

    def memory(self, line="VmRSS"):
        """In MiB: what is resident now, or its peak (VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{line}:\s+(\d+) kB$", status, re.M)[1]) / 1024

    def files(self, suffix=""):
        """How many files and sockets are open."""
        folder = f"/proc/{self.process.pid}/fd"
        return sum(os.readlink(f"{folder}/{name}").endswith(suffix) for name in os.listdir(folder))

    def figure(self, series):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            text = answer.read().decode()
        return float(re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)[1])

    def query(self, sql):
        if self.postgres:
            said = subprocess.run(["psql", self.postgres, "-XAtqc", sql], check=True, capture_output=True, text=True)
            return [tuple(line.split("|")) for line in said.stdout.splitlines()]
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        rows = [tuple(map(str, row)) for row in database.execute(sql)]
        database.close()
        return rows


def until(what, holds, seconds=PATIENCE):
    """Waits until it does; gives how long that took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() > began + seconds:
            raise Wrong(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def judge(answer, what, statuses=(200,)):
    """It is one of these, with all headers; an excess says when to come back."""
    if answer.status not in statuses:
        raise Wrong(f"{what}: {answer.status} instead of {statuses}: {answer.body[:300]}")
    missing = [name for name in HEADERS if name not in answer.headers]
    if answer.status in (429, 503) and not answer.headers.get("Retry-After", "").isdigit():
        missing.append("Retry-After")
    if missing:
        raise Wrong(f"{what}: {answer.status} without {missing}")


def play(scenes, names, binary, folder, *more):
    """Each scene in a folder of its own; those that are named, or all."""
    # A thousand connections are more than a shell allows, on this side and on the other.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for scene in scenes:
        if names and scene.__name__ not in names:
            continue
        nodes, began = [], time.monotonic()

        def node(postgres=None, scene=scene, nodes=nodes, **settings):
            nodes.append(Node(binary, Path(folder) / f"{scene.__name__}{len(nodes)}", postgres, **settings))
            return nodes[-1]

        try:
            print(f"{scene.__name__}: {scene(node, *more)} ({time.monotonic() - began:.0f} s)", flush=True)
        except (Wrong, OSError) as fault:
            print(f"{scene.__name__}: WRONG: {fault}", file=sys.stderr)
            for one in nodes:
                print(one.log.read_text()[-2000:], file=sys.stderr)
            return 1
        finally:
            for one in nodes:
                if one.process and one.process.poll() is None:
                    one.process.send_signal(signal.SIGKILL)
                    one.process.wait()
    return 0
