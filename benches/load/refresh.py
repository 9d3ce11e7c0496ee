"""Refreshing tokens, which writes and commits, beside one bare durable update of a row on the same database."""

from nightlatch import Nightlatch
from report import Row
from traffic import Traffic
from turns import alone, drive, in_turn

CONNECTIONS = 64
# wrk asks its script once more than it has connections.
SPARE = 4


def rows(run):
    yield from on(run, "SQLite", None, f"sqlite://{run.work}/bare.db", lambda: 0.0)
    yield from on(run, "PostgreSQL", run.cluster.database("refresh"), run.cluster.database("bare"), run.cluster.cpu)


def on(run, name, url, bare, others):
    # Without limits: there are more sign-ins for these tokens than one network may have in a minute.
    with Nightlatch(run.binary, run.work / f"refresh-{name}", url, limits=False) as server:
        server.sign_up(8)

        def refreshes():
            tokens = server.tokens(CONNECTIONS + SPARE)
            return drive(server, lambda: Traffic(server.port, tokens, CONNECTIONS, run.seconds, wants=None, chain=True), others)

        update = [run.ceiling("update"), bare, str(CONNECTIONS), str(run.seconds)]
        ours, updates = in_turn(refreshes, lambda: alone(update, others))
    detail = f"{ours.rate:,.0f} a second beside {updates.rate:,.0f}"
    yield Row(f"token refresh, {name} / bare durable update, by rate", ours.rate / updates.rate, 0.8, 0.6, "x", detail)
    detail = f"{ours.per_cpu:,.0f} per CPU second, the database's with it, beside {updates.per_cpu:,.0f}"
    yield Row("the same, by CPU", ours.per_cpu / updates.per_cpu, 0.8, 0.6, "x", detail)
