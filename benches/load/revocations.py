"""A million sessions that ended lately: what they take in the server's memory, and the look-up that `cargo bench` measured."""

import json
import sqlite3
import time
from pathlib import Path

from footprint import MEBI
from nightlatch import Nightlatch
from report import Row

ROOT = Path(__file__).resolve().parent.parent.parent
NUMBER = 1_000_000
SETTLED = 10
ENDED = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
    INSERT INTO endings (session_id, reason, until, number) SELECT lower(hex(randomblob(16))), 'logged_out', {until}, i FROM n"""


def rows(run):
    yield memory(run)
    figures = [*ROOT.glob("target/criterion/**/new/estimates.json"), *ROOT.glob("benches/*/target/criterion/**/new/estimates.json")]
    figures = [path for path in figures if "revocation" in str(path.relative_to(ROOT))]
    if not figures:
        yield Row("look-up among them", None, 100, 100, "ns", "no benchmark has left a figure", more=False)
    for path in figures:
        figure = json.loads(path.read_text())["mean"]["point_estimate"]
        yield Row("look-up among them", figure, 100, 100, "ns", f"mean, by Criterion: {path.parent.parent.name}", more=False)


def memory(run):
    server = Nightlatch(run.binary, run.work / "ended")
    with server:
        time.sleep(SETTLED)
        empty = server.resident()
    database = sqlite3.connect(server.folder / "nightlatch.db")
    with database:
        # As long as the longest token lives, so that none is forgotten meanwhile.
        until = int(time.time() * 1000) + 600_000
        database.execute(ENDED.format(number=NUMBER, until=until))
        database.execute(f"UPDATE feed SET number = {NUMBER}")
    database.close()
    with server:
        time.sleep(SETTLED)
        taken = server.resident() - empty
    return Row("10^6 ended sessions, memory", taken * MEBI, 64, 64, "MB", "more at rest than without them, SQLite", more=False)
