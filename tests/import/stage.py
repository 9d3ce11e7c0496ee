"""Nightlatch on a database of its own, and the databases of others."""

import base64
import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg


class Databases:
    """New databases of one kind: SQLite files in a folder, or in the cluster of TEST_DATABASE_URL."""

    def __init__(self, kind, folder):
        self.kind, self.folder, self.server = kind, folder, os.environ["TEST_DATABASE_URL"]

    def make(self, name):
        """The URL of a new one."""
        if self.kind == "sqlite":
            return f"sqlite://{self.folder}/{name}.db"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"{self.server.rsplit('/', 1)[0]}/{name}"

    def rows(self, url, sql):
        """What it answers."""
        if self.kind == "sqlite":
            connection = sqlite3.connect(url.removeprefix("sqlite://"), timeout=30)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()

    def dump(self, url, table, file):
        """Writes a table as the database's own program does."""
        if self.kind == "sqlite":
            command = ["sqlite3", "-header", "-csv", url.removeprefix("sqlite://"), f"SELECT * FROM {table}"]
        else:
            command = ["psql", "--no-psqlrc", "-c", f"COPY {table} TO STDOUT CSV HEADER", url]
        with open(file, "w") as out:
            subprocess.run(command, stdout=out, check=True)


class Instance:
    """One instance: its commands, and its server while it is asked to serve."""

    def __init__(self, binary, url, folder):
        folder.mkdir()
        self.binary, self.url, self.folder = binary, url, folder
        # Below the ports that the system gives to outgoing connections.
        self.port = random.randrange(20000, 32000)
        self.env = {
            "NIGHTLATCH_DATA_DIR": str(folder),
            "NIGHTLATCH_DATABASE_URL": url,
            "NIGHTLATCH_SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
            "NIGHTLATCH_LIMITS__ENABLED": "false",
            "ROCKET_PORT": str(self.port),
        }

    def command(self, *words):
        """Starts a command."""
        return subprocess.Popen([self.binary, *words], env=self.env, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words):
        """What a command says; it has to succeed and to say nothing on standard error."""
        done = self.command(*words)
        out, err = done.communicate(timeout=300)
        assert (done.returncode, err) == (0, ""), (words, done.returncode, out, err)
        return out

    def users(self):
        """All accounts as an export has them, by address."""
        return {user["email"]: user for user in map(json.loads, self.run("export", "users", "--with-hashes").splitlines())}

    def __enter__(self):
        self.log = open(self.folder / "log", "w")
        self.server = subprocess.Popen([self.binary], env=self.env, cwd=self.folder, stdout=self.log, stderr=self.log)
        for _ in range(200):
            time.sleep(0.05)
            assert self.server.poll() is None, (self.folder / "log").read_text()
            try:
                urllib.request.urlopen(f"http://localhost:{self.port}/health/ready", timeout=5).close()
                return self
            except OSError:
                pass
        raise AssertionError(f"the server did not start: {(self.folder / 'log').read_text()}")

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.log.close()

    def sign_in(self, email, password):
        """The status of a sign-in, and how long it took in milliseconds."""
        body = json.dumps({"email": email, "password": password}).encode()
        request = urllib.request.Request(f"http://localhost:{self.port}/api/auth/signin", body, {"Content-Type": "application/json"})
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, (time.perf_counter() - began) * 1000
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, (time.perf_counter() - began) * 1000


def python(file, *words):
    """Runs a Python program beside this one, in the same environment."""
    import sys

    subprocess.run([sys.executable, "-B", Path(__file__).parent / file, *words], check=True)


def fresh(folder):
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
