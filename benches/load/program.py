"""A server that runs while it is measured: its port, the CPU seconds of its processes, its memory."""

import http.client
import os
import random
import signal
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """Started by `with`. `environment` is all it gets beside its port, which it is told by the variable `port_in`."""

    def __init__(self, command, folder, environment, probe, port_in="ROCKET_PORT"):
        self.command, self.folder, self.probe, self.port_in = command, Path(folder), probe, port_in
        self.environment = environment
        self.folder.mkdir(exist_ok=True)

    def __enter__(self):
        for _ in range(20):
            # Below the ports that the system gives to outgoing connections.
            self.port = random.randint(20000, 31999)
            environment = {**self.environment, self.port_in: str(self.port)}
            with (self.folder / "log").open("a") as log:
                self.process = subprocess.Popen(self.command, cwd=self.folder, env=environment, stdout=log, stderr=log)
            if self.is_up():
                return self
            self.__exit__()
        raise RuntimeError(f"{self.command} does not start:\n{(self.folder / 'log').read_text()}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def is_up(self):
        give_up = time.monotonic() + 15
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                # Not ready yet, where it answers 503.
                if self.ask("GET", self.probe)[0].status < 400:
                    return self.process.poll() is None
            except OSError:
                pass
            time.sleep(0.02)
        return False

    def ask(self, method, path, body=None, headers=None):
        """The answer, and its body."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer, text

    def cpu(self):
        return cpu([self.process.pid, *below(self.process.pid)])

    def resident(self, peak=False):
        """Mebibytes that are in memory now, or were at most since `forget_peak`."""
        name = "VmHWM:" if peak else "VmRSS:"
        for entry in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if entry.startswith(name):
                return int(entry.split()[1]) / 1024
        raise RuntimeError(f"no {name}")

    def forget_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


def below(parent):
    """All processes that came from this one."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return []
    return [process for child in map(int, children) for process in (child, *below(child))]


def cpu(processes):
    """Seconds that they have run, with those of children that have ended: proc_pid_stat(5)."""
    total = 0
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            # Gone since it was listed: now its parent has its seconds.
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS
