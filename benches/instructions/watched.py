"""A server under callgrind, which counts what it does."""

import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from server import Server

SETTINGS = {
    "PATH": "/usr/bin:/bin",
    "ROCKET_WORKERS": "1",
    "ROCKET_KEEP_ALIVE": "60",
    # Which of several connections is given is chance, and each reads anew what another wrote.
    "NIGHTLATCH_DATABASE__MAX_CONNECTIONS": "1",
    "NIGHTLATCH_SIGNUP__VERIFY_EMAIL": "false",
    "NIGHTLATCH_LIMITS__ENABLED": "false",
    # The cheapest hash that is allowed.
    "NIGHTLATCH_PASSWORD__MEMORY_KIB": "7168",
    "NIGHTLATCH_PASSWORD__ITERATIONS": "5",
}
# Taken away again below.
MAIL_PORT = 9


def conditions():
    """What counts depend on beside the binary."""
    # Valgrind has no AVX-512, so that every processor with AVX2 takes the same ways through the ciphers and libc.
    if platform.machine() != "x86_64" or not re.search(r"^flags\b.*\bavx2\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
        sys.exit("benches/instructions: the baseline is of x86-64 with AVX2, which this processor lacks: nothing to compare with")
    valgrind = subprocess.run(["valgrind", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return f"{valgrind} and {' '.join(platform.libc_ver())} on x86-64 with AVX2"


class Watched(Server):
    """Started when it is made, stopped when it is left."""

    def __init__(self, binary, work):
        # Server starts one program without arguments. On one processor: callgrind runs one thread at a time, and on two they race for their
        # turn. Without a mail server: letters go into a folder at once, and are not tried again and again.
        program, processor = work / "watched", min(os.sched_getaffinity(0))
        command = f"env -u NIGHTLATCH_MAIL__SMTP_URL taskset -c {processor} valgrind -q --tool=callgrind '{binary}'"
        program.write_text(f"#!/bin/sh\nexec {command}\n")
        program.chmod(0o755)
        self.idle = 0
        super().__init__(str(program), work / "server", MAIL_PORT, SETTINGS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def is_up(self):
        # Six times as patient.
        return any(super(Watched, self).is_up() for _ in range(6) if self.process.poll() is None)

    def settle(self):
        """Learns how many instructions a second the server takes when nobody asks anything."""
        self.idle = statistics.median(self.rate(lambda: time.sleep(1)) for _ in range(5))

    def rate(self, act):
        began = time.monotonic()
        return self.total(act) / (time.monotonic() - began)

    def count(self, act):
        """The instructions that `act` costs the server, beside those it would have taken anyhow."""
        began = time.monotonic()
        return self.total(act) - self.idle * (time.monotonic() - began)

    def total(self, act):
        return int(re.search(r"^totals: (\d+)", self.dump(act).read_text(), re.MULTILINE)[1])

    def dump(self, act):
        """What callgrind writes about the time of `act`."""
        self.tell("zero")
        act()
        self.tell("dump")
        return max(self.log.parent.glob(f"callgrind.out.{self.process.pid}.*"), key=lambda dump: int(dump.suffix[1:]))

    def tell(self, order):
        command = ["vgdb", f"--pid={self.process.pid}", order]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if told.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {told.stderr}\n{self.log.read_text()}")
