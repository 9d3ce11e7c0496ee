"""One release binary with its own directory, and what it costs."""

import http.client
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


class Server:
    """Runs while the block does. Its log is shown when the block fails."""

    def __init__(self, binary, files=10_000, **settings):
        self.binary, self.files, self.port = binary, files, free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="nightlatch-slow.")
        self.log = Path(self.folder.name) / "log"
        self.settings = {
            "ROCKET_PORT": str(self.port),
            "NIGHTLATCH_DATA_DIR": self.folder.name + "/data",
            "NIGHTLATCH_LOG__FORMAT": "text",
            "NIGHTLATCH_SIGNUP__VERIFY_EMAIL": "false",
            "NIGHTLATCH_LIMITS__ENABLED": "false",
        } | settings

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary], cwd=self.folder.name, env=self.settings, stdout=log, stderr=log, preexec_fn=self.limit
            )
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            try:
                # Whoever speaks TLS does not answer this, but is there.
                if "ROCKET_TLS" in self.settings:
                    socket.create_connection(("127.0.0.1", self.port)).close()
                    return self
                if self.get("/health/ready") == 200:
                    return self
            except OSError:
                time.sleep(0.01)
        raise SystemExit("the server did not start:\n" + self.log.read_text()[-2000:])

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind:
            print(self.log.read_text()[-2000:])
        self.folder.cleanup()

    def limit(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, self.files))

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status
        finally:
            connection.close()

    def stop(self):
        """Tells it to stop; answers its exit code and after how many seconds it was gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30), time.monotonic() - began

    def resident(self):
        """Memory in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def used(self):
        """CPU time in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
