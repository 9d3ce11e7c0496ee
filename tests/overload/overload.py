"""What a server does when more is asked of it than it can do, and when others do not play along; on SQLite.

overload.py BINARY [SCENE...]
"""

import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import abort
import holes
from node import PASSWORD, Wrong, judge, play, until

CONNECTIONS, SECONDS, PERMITS = 1000, 10, 2
# MiB: what one hash takes; and beside, 40 KiB for each connection with its request, half of it buffers for reading and writing, and what
# SQLite keeps of its file, up to 2 MiB for each of ten connections.
HASH, MARGIN = 19, 60
# The default of the settings.
CONNECTIONS_TO_DATABASE = 10
# MiB that may be left after ten thousand callers: what SQLite keeps of a file that has grown, up to 2 MiB a connection.
LEFT = 25
# Milliseconds: what a visitor takes for prompt. The processors are as busy as they can be, with us too.
MEDIAN, P99 = 100, 1000


def flood(node):
    """A thousand parallel sign-ins, while a visitor looks at the dashboard."""
    one = node(NIGHTLATCH_HASH__PERMITS=str(PERMITS))
    one.start()
    time.sleep(2)
    base = one.memory()
    visitor = one.sign_up("vera")
    one.sign_up("ann")
    command = [sys.executable, Path(__file__).with_name("flood.py"), str(one.port), "ann@example.com", PASSWORD]
    said, looks = one.folder / "said", []
    with open(said, "w") as file:
        storm = subprocess.Popen([*command, str(CONNECTIONS), str(SECONDS)], stdout=file)
    time.sleep(1)
    while storm.poll() is None:
        for path in ("/dashboard", "/health/live"):
            looks.append(one.ask(f"GET {path}", cookie=visitor))
            judge(looks[-1], f"{path} meanwhile")
        time.sleep(0.02)
    peak = one.memory("VmHWM")
    most = base + PERMITS * HASH + MARGIN
    if peak >= most:
        raise Wrong(f"{peak:.0f} MiB at the peak; {base:.0f} at rest, {PERMITS} hashes of {HASH} and {MARGIN} make {most:.0f}")
    told = judge_flood(one, [line.split() for line in said.read_text().splitlines()])
    times = sorted(look.seconds * 1000 for look in looks)
    median, p99 = statistics.median(times), times[math.ceil(len(times) * 0.99) - 1]
    if len(times) < 100 or median > MEDIAN or p99 > P99:
        raise Wrong(f"the visitor's {len(times)} pages took {median:.0f} ms, p99 {p99:.0f} ms")
    connections = one.files("/nightlatch.db")
    if connections != CONNECTIONS_TO_DATABASE:
        raise Wrong(f"{connections} connections to the database instead of the {CONNECTIONS_TO_DATABASE} of the settings")
    return (f"{told}; {peak:.0f} MiB at the peak of {most:.0f}, {base:.0f} at rest; {len(times)} pages meanwhile: "
            f"median {median:.0f} ms, p99 {p99:.0f} ms; {connections} connections to the database")


def judge_flood(one, said):
    """Each sign-in was done, with a session that goes on, or refused with a word on when to come back."""
    statuses = Counter(status for status, *_ in said)
    if set(statuses) != {"200", "503"} or min(statuses.values()) < CONNECTIONS / 10:
        raise Wrong(f"answers: {dict(statuses)}, the slowest after {max(float(line[1]) for line in said):.1f} s")
    for status, _, after, cookie in said:
        if status == "503" and (not after.isdigit() or cookie != "-"):
            raise Wrong("a refusal without Retry-After, or with a session")
    sessions = [cookie for status, *_, cookie in said if status == "200"]
    for cookie in sessions[:: max(1, len(sessions) // 100)]:
        judge(one.ask("GET /api/auth/session?passive", cookie=cookie), "the session of a sign-in")
    slowest = max(float(seconds) for _, seconds, *_ in said)
    return f"{statuses['200']} sign-ins done, {statuses['503']} told to come back, the slowest answer after {slowest:.1f} s"


def gone(node):
    """Ten thousand callers who go away in the middle leave nothing behind."""
    one = node()
    one.start()
    cookie = one.sign_up("vera")
    # What the first requests leave behind for good: buffers, connections to the database, statements.
    abort.run(one, cookie, 1000)
    settle(one)
    files, memory = others(one), one.memory()
    kinds = abort.run(one, cookie, 10_000)
    settled = settle(one)
    until(f"no more than {files} files", lambda: others(one) <= files)
    after, connections = one.memory(), one.files("/nightlatch.db")
    if after > memory + LEFT or connections > CONNECTIONS_TO_DATABASE:
        raise Wrong(f"{memory:.0f} MiB before, {after:.0f} after; {connections} connections to the database")
    judge(one.ask("GET /dashboard", cookie=cookie), "the dashboard afterwards")
    return (f"{kinds}; idle after {settled:.0f} s: {others(one)} files and sockets of {files}, {connections} connections "
            f"to the database, {after:.0f} MiB after {memory:.0f}")


def others(one):
    """Files and sockets, but for those of the database: the pool keeps its connections."""
    return one.files() - sum(one.files(f"/nightlatch.db{suffix}") for suffix in ("", "-wal", "-shm"))


def settle(one):
    """Nothing is under way, and the memory of hashes was given back."""
    used = 'nightlatch_database_connections{state="used"}'
    took = until("no connection to the database in use", lambda: one.figure(used) == 0)
    until("no hash under way", lambda: one.figure("nightlatch_hashes_running") == 0)
    time.sleep(12)
    return took


SCENES = [flood, gone, holes.swallowed]

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="nightlatch-overload.") as folder:
        sys.exit(play(SCENES, sys.argv[2:], sys.argv[1], folder))
