"""What a request and a sign-in cost on a small site and on a large one, where everybody has a session that goes on."""

import shutil
import subprocess
from pathlib import Path

from nightlatch import SIGNINS, Nightlatch
from report import Row
from traffic import Traffic
from turns import drive, in_turn

SMALL = 1000
GENERATE = Path(__file__).resolve().parent.parent / "generate"


def rows(run):
    large = 100_000 if run.quick else 1_000_000
    yield from on(run, "SQLite", large, [None, None])
    urls = [run.cluster.database("small"), run.cluster.database("large")]
    yield from on(run, "PostgreSQL", large, urls, run.cluster.cpu)
    for url in urls:
        run.cluster.drop(url)


def on(run, name, large, urls, others=lambda: 0.0):
    few, many = (prepared(run, name, url, users) for url, users in zip(urls, [SMALL, large]))
    with few, many:
        for server in (few, many):
            server.sign_up(8, SIGNINS)
        for what, requests, connections in [
            ("session check", lambda server: server.signed_in("/api/auth/session"), 64),
            ("`/dashboard`", lambda server: server.signed_in("/dashboard"), 64),
            ("sign-in", lambda server: server.signins(), 16),
        ]:

            def turn(server):
                return lambda: drive(server, lambda: Traffic(server.port, requests(server), connections, run.seconds), others)

            small, big = in_turn(turn(few), turn(many))
            detail = f"{1e6 / small.per_cpu:,.0f} µs of CPU with {SMALL:,} accounts and sessions, {1e6 / big.per_cpu:,.0f} µs with {large:,}"
            yield Row(f"cost of a {what}, {name}, large / small site".replace("a `", "`"), small.per_cpu / big.per_cpu, 1.1, 1.3, "x", detail, more=False)
    for server in (few, many):
        shutil.rmtree(server.folder)


def prepared(run, name, url, users):
    server = Nightlatch(run.binary, run.work / f"growth-{name}-{users}", url, limits=False)
    subprocess.run([run.binary, "migrate"], env=server.environment, cwd=server.folder, check=True, capture_output=True)
    subprocess.run([GENERATE, server.environment["NIGHTLATCH_DATABASE_URL"], str(users), "live"], check=True)
    return server
