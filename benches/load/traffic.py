"""Requests by wrk from many connections that are kept, and what became of them."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
THREADS = 2


@dataclass
class Answers:
    """What came back: how many, in how many seconds, and the 99th percentile of the waits in milliseconds."""

    good: int
    seconds: float
    p99: float

    @property
    def rate(self):
        return self.good / self.seconds


class Traffic:
    """Begun when it is made. `requests` are lines for wrk.lua; each answer has to carry the header `wants`."""

    def __init__(self, port, requests, connections, seconds, wants="Set-Cookie", chain=False):
        self.lines = tempfile.NamedTemporaryFile("w", prefix="nightlatch-load.")
        self.lines.write("\n".join(requests) + "\n")
        self.lines.flush()
        environment = {"PATH": os.environ["PATH"], "REQUESTS": self.lines.name, "THREADS": str(THREADS)}
        if wants:
            environment["WANTS"] = wants
        if chain:
            environment["CHAIN"] = "1"
        command = ["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout=20s", "--latency"]
        command += [f"--script={HERE / 'wrk.lua'}", f"http://localhost:{port}"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait(self):
        """The answers; an error when one of them was not as it should be."""
        out, told = self.process.communicate()
        self.lines.close()
        words = told.strip().rsplit("\n", 1)[-1].split(" ", 5)
        if self.process.returncode or len(words) < 5 or not words[0].isdigit():
            raise RuntimeError(f"wrk: {told or out}")
        good, bad, broken = (int(word) for word in words[:3])
        if bad or broken or not good:
            raise RuntimeError(f"{good} good answers, {bad} others, {broken} connections failed: {words[5:]}")
        return Answers(good, float(words[3]), float(words[4]))


def line(method, path, body="", cookie=""):
    """A request for wrk.lua."""
    return "\t".join([method, path, body, cookie])
