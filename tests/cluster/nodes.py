"""Two nodes on one PostgreSQL, each at the end of a line that can be cut."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from web import NoAnswer

# Seconds.
START_PATIENCE, STOP_PATIENCE = 20, 20


class Node:
    """A process that is started and ended, and the line between it and the database."""

    def __init__(self, number, stage, site):
        self.number, self.stage, self.site, self.process = number, stage, site, None
        database, port = urlsplit(stage.database), stage.relay_ports[number]
        relay = [sys.executable, Path(__file__).with_name("relay.py"), str(port), database.hostname, str(database.port)]
        self.relay = subprocess.Popen(relay, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.relay.stdout.readline()
        credentials = database.netloc.rpartition("@")[0]
        self.database = f"postgres://{credentials}@127.0.0.1:{port}{database.path}"

    def start(self, **settings):
        self.settings = {
            "ROCKET_PORT": str(self.site.node_ports[self.number]),
            "NIGHTLATCH_LOG__FORMAT": "text",
            "NIGHTLATCH_DATA_DIR": str(self.stage.work / f"data{self.number}"),
            "NIGHTLATCH_DATABASE_URL": self.database,
            "NIGHTLATCH_SECRET_KEY": self.stage.secret,
            "NIGHTLATCH_PUBLIC_URL": self.stage.url,
            "NIGHTLATCH_PROXY__TRUSTED": "127.0.0.1",
            "NIGHTLATCH_MAIL__SMTP_URL": f"smtp://127.0.0.1:{self.stage.mail_port}",
            "NIGHTLATCH_SIGNUP__VERIFY_EMAIL": "false",
            "NIGHTLATCH_LIMITS__ENABLED": "false",
            **settings,
        }
        work = self.stage.work
        with open(work / f"node{self.number}.log", "ab") as log:
            self.process = subprocess.Popen([self.stage.binary], cwd=work, env=self.settings, stdout=log, stderr=log)

    def await_ready(self):
        give_up = time.monotonic() + START_PATIENCE
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                if self.site.at(self.number)("GET /health/ready").send().answer().status == 200:
                    return
            except NoAnswer:
                pass
            time.sleep(0.01)
        raise RuntimeError(f"node {self.number + 1} has ended, or is not ready after {START_PATIENCE} s")

    def tell(self, number):
        os.kill(self.process.pid, number)

    def end(self, number=signal.SIGTERM):
        if self.process:
            if self.process.poll() is None:
                self.tell(number)
            self.process.wait(STOP_PATIENCE)

    def line(self, command):
        """What relay.py knows; it is so when this returns."""
        self.relay.stdin.write(command + "\n")
        self.relay.stdin.flush()
        self.relay.stdout.readline()

    def close(self):
        self.end(signal.SIGKILL)
        self.relay.kill()
        self.relay.wait()
