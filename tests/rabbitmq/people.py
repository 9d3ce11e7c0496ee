"""Servers that publish, and people who act on them."""

import base64
import http.client
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from consumer import Wrong

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "crash"))
from crash import PASSWORD, Client, Server, expect  # noqa: E402

CLIENTS = 4
# All nodes of one database have the same.
SECRET = base64.b64encode(os.urandom(32)).decode()
COLUMNS = ("id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at, "
           "publish_after, sequence, publish_attempts, publish_error, parked_at")


class Node(Server):
    """A server with a broker, on SQLite or on PostgreSQL."""

    def __init__(self, binary, folder, url, postgres=None, **settings):
        folder.mkdir()
        super().__init__(binary, folder)
        self.postgres = postgres
        self.settings["NIGHTLATCH_AMQP_URL"] = url
        if postgres:
            self.settings["NIGHTLATCH_DATABASE_URL"] = postgres
            self.settings["NIGHTLATCH_SECRET_KEY"] = SECRET
        self.settings.update(settings)
        self.site = settings.get("NIGHTLATCH_PUBLIC_URL", f"http://localhost:{self.port}")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def client(self):
        client = Client(self)
        # Called by the port of the public URL, which may be another's.
        client.cookie = f"nightlatch-{self.site.rsplit(':', 1)[1]}"
        return client

    def sign_up(self, name):
        expect(201, self.client().post("/api/auth/signup", {"email": f"{name}@example.com", "password": PASSWORD}))

    def sign_in(self, name):
        """Gives how long it took, in milliseconds."""
        began = time.monotonic()
        expect(200, self.client().post("/api/auth/signin", {"email": f"{name}@example.com", "password": PASSWORD}))
        return (time.monotonic() - began) * 1000

    def query(self, sql):
        if self.postgres:
            command = ["psql", self.postgres, "-XAtqc", f"SELECT json_agg(r) FROM ({sql}) r"]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            return json.loads(said.strip() or "[]")
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(sql)]
        database.close()
        return rows

    def execute(self, sql):
        if self.postgres:
            subprocess.run(["psql", self.postgres, "-Xqc", sql], check=True)
            return
        database = sqlite3.connect(self.database, timeout=10)
        database.execute(sql)
        database.commit()
        database.close()

    def plant(self, count, kind="'session.started'"):
        """So many events of the last seconds that wait; `kind` may depend on their number i."""
        begin = int(time.time() * 1000) - count
        self.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
                     "INSERT INTO events (id, type, user_id, data, created_at, publish_after, publish_attempts) "
                     f"SELECT 'planted' || i, {kind}, 'ann', '{{}}', {begin} + i, {begin} + i, 0 FROM n")

    def rows(self):
        return self.query(f"SELECT {COLUMNS} FROM events ORDER BY id")

    def pending(self):
        return self.query(f"SELECT {COLUMNS} FROM events WHERE publish_after IS NOT NULL")

    def outage(self):
        return self.query("SELECT error FROM outbox")[0]["error"] or ""

    def refusal(self):
        return next((row["publish_error"] for row in self.pending() if row["publish_error"]), "")

    def emptied(self, seconds=60):
        """Waits until no event waits; gives for how long."""
        return until("no event waits", lambda: not self.query("SELECT 1 FROM events WHERE publish_after IS NOT NULL LIMIT 1"),
                     seconds)


class Crowd:
    """People who act until so many acts were answered, whatever their servers do meanwhile."""

    def __init__(self, nodes, acts):
        self.nodes, self.acts, self.done, self.pause = nodes, acts, 0, 0.0
        self.lock, self.faults = threading.Lock(), []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def is_acting(self):
        return any(thread.is_alive() for thread in self.threads)

    def came_to(self, acts):
        until(f"{acts} acts", lambda: self.done >= acts or self.faults, 300)

    def wait(self):
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise self.faults[0]

    def run(self, number):
        try:
            lives = 0
            while self.done < self.acts:
                self.live(f"p{number}-{lives}@example.com")
                lives += 1
        except Exception as fault:
            self.faults.append(fault)

    def live(self, email):
        """Signs up, fails to sign in, gets tokens and refreshes them, signs out; ends where an answer does not come."""
        try:
            login = {"email": email, "password": PASSWORD}
            cookie = self.act(201, "/api/auth/signup", login)[1]
            self.act(401, "/api/auth/signin", login | {"password": "not the right one at all"})
            tokens = self.act(200, "/api/auth/token", login)[0]
            for _ in range(random.randrange(10, 30)):
                tokens = self.act(200, "/api/auth/token/refresh", {"refresh_token": tokens["refresh_token"]})[0]
            self.act(204, "/api/auth/logout", None, cookie)
        except (OSError, http.client.HTTPException):
            # Whether the last act was done is for the table to say.
            time.sleep(0.05)

    def act(self, status, path, body, cookie=None):
        answer = expect(status, random.choice(self.nodes).client().post(path, body, cookie))
        with self.lock:
            self.done += 1
        time.sleep(self.pause)
        return answer


def until(what, test, seconds):
    """Waits for it; gives for how long."""
    began = time.monotonic()
    while not test():
        if time.monotonic() - began > seconds:
            raise Wrong(f"{what}: not in {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - began
