"""What becomes of requests while the database is silent, and afterwards.

stuck.py BINARY [SCENE...]: TEST_DATABASE_URL is needed.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import quote

from node import PASSWORD, Wrong, judge, play, until
from postgres import Postgres

# Seconds: what is waited for an answer of the database, and what a busy machine adds.
PATIENCE, SLACK = 3, 1.5
# Seconds after which everything is as it was.
RECOVERY = 5
# Seconds: what a stop may take whatever hangs.
STOP = 25
LOGIN = {"email": "vera@example.com", "password": PASSWORD}
# What needs the database, of somebody who is signed in and of somebody who is not.
MINE = [("GET /dashboard", None), ("GET /api/account", None), ("POST /account/name", "name=Vera+V."), ("POST /logout", ""),
        ("POST /confirm", f"password={quote(PASSWORD)}")]
ANYBODYS = [("POST /api/auth/signin", LOGIN), ("POST /signin", f"email=vera%40example.com&password={quote(PASSWORD)}"),
            ("POST /api/auth/forgot-password", {"email": "vera@example.com"}), ("POST /api/auth/token", LOGIN)]
# An act without its event, or the other way round.
HALVES = """SELECT (SELECT count(*) FROM sessions) - (SELECT count(*) FROM events WHERE type = 'session.started'),
    (SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL) - (SELECT count(*) FROM events WHERE type = 'session.ended')"""


def locked_file(node):
    """SQLite: another program writes for long. What writes waits, what reads does not."""
    one = node()
    one.start()
    cookie = one.sign_up("vera")
    other = sqlite3.connect(one.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    slowest = all_at_once(one, [(*what, None) for what in ANYBODYS * 5] + [(*MINE[2], cookie), (*MINE[3], cookie)])
    look = one.ask("GET /dashboard", cookie=cookie)
    judge(look, "the dashboard meanwhile")
    other.execute("ROLLBACK")
    back = until_answered(one, "POST /api/auth/signin", LOGIN)
    return f"503 after {slowest:.1f} s at most, back {back:.1f} s after the lock was; {is_whole(one, cookie)}"


def locked_table(node, postgres):
    """PostgreSQL: a table is locked, and the pool has one connection; afterwards the server holds no more than that."""
    one = node(postgres.schema(), NIGHTLATCH_DATABASE__MAX_CONNECTIONS="1")
    one.start()
    cookie = one.sign_up("vera")
    with postgres.session(one.postgres) as session:
        session("BEGIN; LOCK TABLE users")
        # One wait for the connection, and one for an answer on it.
        asked = [(*what, cookie) for what in MINE[:3]] + [(*what, None) for what in ANYBODYS * 5]
        slowest = all_at_once(one, asked, 2 * PATIENCE)
        judge(one.ask("GET /health/live"), "whether the process answers")
        most = postgres.connections(one.postgres)
        session("ROLLBACK")
    back = until_answered(one, "POST /api/auth/signin", LOGIN)
    until("one connection", lambda: postgres.connections(one.postgres) <= 1, RECOVERY)
    return (f"503 after {slowest:.1f} s at most, back {back:.1f} s after the lock was; {most} connections of 1 meanwhile, "
            f"then 1; {is_whole(one, cookie)}")


def pool(node, postgres):
    """As many connections as the setting says, however many ask."""
    one = node(postgres.schema(), NIGHTLATCH_DATABASE__MAX_CONNECTIONS="4")
    one.start()
    cookie, stop, most = one.sign_up("vera"), threading.Event(), 0

    def ask():
        while not stop.is_set():
            judge(one.ask("GET /dashboard", cookie=cookie), "the dashboard")

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        most = max(most, postgres.connections(one.postgres))
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    if most != 4:
        raise Wrong(f"{most} connections instead of the 4 of the settings")
    return f"{most} connections of 4 with 40 at once"


def silent(node, postgres):
    """PostgreSQL takes connections and says nothing more: all of its processes stand still."""
    one = node(postgres.schema())
    one.start()
    cookie = one.sign_up("vera")
    # Several: they are committed in rounds, and who waits for the next round waits no longer for that.
    tokens = [json.loads(one.ask("POST /api/auth/token", LOGIN).body) for _ in range(4)]
    refreshes = [("POST /api/auth/token/refresh", {"refresh_token": token["refresh_token"]}) for token in tokens]
    asked = [(*what, cookie) for what in MINE] + [(*what, None) for what in [*ANYBODYS, *refreshes]]
    with postgres.silence():
        # The first know of no outage; those after two seconds do not know any more who is signed in.
        slowest = [all_at_once(one, asked), all_at_once(one, [*asked, *[(*what, cookie) for what in ANYBODYS]])]
        for path in ("/signin", "/", "/health/live"):
            judge(one.ask(f"GET {path}"), f"{path} meanwhile")
        if one.ask("GET /health/ready").status != 503:
            raise Wrong("the node says that it is ready")
    back = until_answered(one, "GET /dashboard", None, cookie)
    until_answered(one, "GET /health/ready", None)
    connections = postgres.connections(one.postgres)
    whole = is_whole(one, cookie)
    with postgres.silence():
        time.sleep(0.5)
        took = one.stop()
    if one.process.returncode != 0 or took > STOP:
        raise Wrong(f"the stop took {took:.1f} s, exit code {one.process.returncode}")
    return (f"503 after {slowest[0]:.1f} s and {slowest[1]:.1f} s at most, back {back:.1f} s after the database, "
            f"{connections} connections; {whole}; stops in {took:.1f} s while it is silent")


def slow_commit(node, postgres):
    """A commit that is not answered in time is no success, and leaves all of the act or nothing."""
    one = node(postgres.schema())
    one.start()
    cookie = one.sign_up("vera")
    with postgres.session(one.postgres) as session:
        session("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(8); RETURN NULL; END'")
        session("CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON sessions DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION wait()")
        slowest = all_at_once(one, [(*ANYBODYS[0], None), (*MINE[3], cookie)])
        # The server of PostgreSQL looks each second whether its clients are still there.
        until("nobody commits any more", lambda: postgres.connections(one.postgres, "pg_sleep|COMMIT") == 0, RECOVERY)
        session("DROP TRIGGER late ON sessions")
    return f"503 after {slowest:.1f} s; {is_whole(one, cookie)}"


def all_at_once(one, asked, patience=PATIENCE):
    """Each is answered 503 in time, and nobody's cookie is taken or renewed; gives the longest wait."""
    answers, faults = [None] * len(asked), []

    def ask(index, what, body, cookie):
        try:
            answers[index] = one.ask(what, body, cookie)
        except OSError as fault:
            faults.append(f"{what}: {fault!r}")

    threads = [threading.Thread(target=ask, args=(index, *each)) for index, each in enumerate(asked)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise Wrong(faults)
    for (what, _, cookie), answer in zip(asked, answers):
        judge(answer, what, (503,))
        named = [line for line in answer.cookies if line.startswith(f"nightlatch-{one.port}=") and not line.split("=")[1]]
        if named or answer.seconds > patience + SLACK:
            raise Wrong(f"{what}{' of a session' if cookie else ''}: after {answer.seconds:.1f} s, cookies taken: {named}")
    return max(answer.seconds for answer in answers)


def until_answered(one, what, body, cookie=None):
    return until(f"{what} is answered", lambda: one.ask(what, body, cookie).status in (200, 303), RECOVERY)


def is_whole(one, cookie):
    """Nothing was done by half, the session still knows its holder or was ended for a reason, and those who work beside the requests do."""
    answer = one.ask("GET /api/auth/session", cookie=cookie)
    judge(answer, "the session", (200, 401))
    if answer.status == 401 and '"reason":"logged_out"' not in answer.body:
        raise Wrong(f"the session: {answer.body}")
    if (halves := [tuple(map(int, row)) for row in one.query(HALVES)]) != [(0, 0)]:
        raise Wrong(f"more sessions than events of their beginning and end: {halves}")
    judge(one.ask("POST /api/auth/forgot-password", {"email": "vera@example.com"}), "a letter", (202,))
    # Some may be lent, for two minutes, to whoever was not told so.
    waits = f"SELECT count(*) FROM letters WHERE sent_at IS NULL AND dropped_at IS NULL AND next_attempt_at < {time.time() * 1000:.0f}"
    until("all letters leave that nobody has", lambda: one.query(waits) == [("0",)])
    until("every event is sealed", lambda: one.query("SELECT count(*) FROM events WHERE sealed_at IS NULL") == [("0",)])
    audit = subprocess.run([one.binary, "check", "--audit"], cwd=one.folder, env=one.settings, capture_output=True, text=True)
    if audit.returncode != 0:
        raise Wrong(f"the audit trail: {audit.stdout}{audit.stderr}")
    return "nothing by half, letters leave, events are sealed"


SCENES = [locked_table, pool, silent, slow_commit]

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="nightlatch-stuck.") as folder:
        names = sys.argv[2:]
        with Postgres(os.environ["TEST_DATABASE_URL"]) as postgres:
            code = play([locked_file], names, sys.argv[1], folder) or play(SCENES, names, sys.argv[1], folder, postgres)
        sys.exit(code)
