"""A server on a database of its own, whose mail server takes connections and never says a word."""

import http.client
import os
import random
import signal
import socket
import subprocess
import threading
import time

PASSWORD = "copper kettle violin harbour"


class SilentMail:
    """Whatever waits for a letter to leave waits for ten seconds, and that is not to be seen from outside."""

    def __init__(self):
        self.socket, self.held = socket.create_server(("127.0.0.1", 0)), []
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.hold, daemon=True).start()

    def hold(self):
        while True:
            self.held.append(self.socket.accept())


class Server:
    """Started when it is made. `settings` are added to what all of them have."""

    def __init__(self, binary, folder, mail_port, settings):
        self.binary, self.log = binary, folder / "log"
        self.environment = {
            "NIGHTLATCH_DATA_DIR": str(folder / "data"),
            "NIGHTLATCH_LOG__FORMAT": "text",
            "NIGHTLATCH_MAIL__SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
            **settings,
        }
        folder.mkdir()
        for _ in range(20):
            # Below the ports that the system gives to outgoing connections.
            self.port = random.randint(20000, 31999)
            self.environment["ROCKET_PORT"] = str(self.port)
            with self.log.open("a") as log:
                self.process = subprocess.Popen([binary], cwd=folder, env=self.environment, stderr=log)
            if self.is_up():
                return
            self.stop()
        raise RuntimeError(f"the server does not start:\n{self.log.read_text()}")

    def is_up(self):
        give_up = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                connection = http.client.HTTPConnection("localhost", self.port, timeout=2)
                connection.request("GET", "/health/ready")
                # Another program may have had the port before us.
                return connection.getresponse().status == 200 and self.process.poll() is None
            except OSError:
                time.sleep(0.05)
        return False

    def user(self, *arguments, password=""):
        """Runs `nightlatch user` beside the server."""
        command = [self.binary, "user", *arguments] + (["--password-stdin"] if password else [])
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(command, env=self.environment, cwd=self.log.parent, input=password, text=True, **quiet)

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
            self.process.wait(30)
