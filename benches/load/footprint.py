"""Start, memory and size."""

import re
import subprocess
from pathlib import Path

from nightlatch import Nightlatch
from report import Row
from traffic import Traffic

MEBI = 1.048576


def rows(run):
    measure = Path(__file__).resolve().parent.parent.parent / "scripts/measure"
    environment = {"PATH": run.path, "NIGHTLATCH_BIN": str(run.binary)}
    told = subprocess.run([measure], env=environment, check=True, text=True, stdout=subprocess.PIPE).stdout

    def figure(words):
        return float(re.search(rf"^{words}:\s+([\d.]+)", told, re.MULTILINE)[1])

    for what, words in [("empty SQLite", "empty data directory"), ("existing", "existing data directory")]:
        yield Row(f"start to first answer, {what}", figure(f"start to first answer, {words}"), 60, 150, "ms", "median of ten", more=False)
    yield Row("resident at rest", figure("resident memory at rest") * MEBI, 15, 25, "MB", "three seconds after the start", more=False)
    yield after_requests(run)
    yield Row("stripped release binary", Path(run.binary).stat().st_size / 1e6, 20, 30, "MB", "with all its parts", more=False)


def after_requests(run):
    wanted, made = 100_000 if run.quick else 1_000_000, 0
    with Nightlatch(run.binary, run.work / "requests") as server:
        server.sign_up(8)
        while made < wanted:
            made += Traffic(server.port, server.signed_in("/api/auth/session"), 64, 3).wait().good
        resident = server.resident() * MEBI
    return Row("resident after many requests", resident, 20, 30, "MB", f"{made:,} session checks on 64 connections", more=False)
