"""What a node answers while it cannot reach the database, and when it can again."""

import time

import rounds
from endings import logout
from people import Person, Unexpected
from rounds import Tally

# Seconds: for how long a node trusts what it has read, and what it waits for a connection and an answer.
TRUST, PATIENCE = 2, 8


def cut_off(cluster):
    said = [one(cluster, command) for command in ("refuse", "hold")]
    return f"{'; '.join(said)}; {lost(cluster)}"


def one(cluster, command):
    """Its connections are refused, or swallowed."""
    ending, going_on = logout(Person(cluster)), Person(cluster).browser
    cluster.nodes[1].line(command)
    request = cluster.at(0)(*ending.request).send()
    until = until_answered(cluster, going_on, 503, TRUST + PATIENCE)
    if (answer := request.answer()).status != ending.status:
        raise Unexpected(f"{command}: {ending.request[0]}: {answer}")
    for held in (going_on, ending.ended[0]):
        expect(cluster, 503, rounds.USE, held.credentials)
    for path, status in {"/signin": 200, "/health/live": 200, "/health/ready": 503, "/dashboard": 303}.items():
        expect(cluster, status, f"GET {path}")
    cluster.nodes[1].line("pass")
    healed = until_answered(cluster, going_on, 200, PATIENCE)
    expect_refused(cluster, ending)
    return f"{command}: 503 after {until:.1f} s, back {healed:.1f} s after the line was"


def lost(cluster):
    """Connections fall silent in the middle of a statement, and nobody says so: the node follows again."""
    ending, going_on, began = logout(Person(cluster)), Person(cluster).browser, time.monotonic()
    # Others talk to the database too, but none as often as what follows.
    for _ in range(3):
        cluster.nodes[1].line("lose")
        time.sleep(0.3)
    cluster.ask(0, ending.status, *ending.request)
    # It was waited for in vain, and has no row until it follows.
    while cluster.sql("SELECT COUNT(*) FROM nodes") != "2":
        if time.monotonic() > began + 2 * PATIENCE:
            raise Unexpected("a node whose connections fell silent follows no more")
        time.sleep(0.1)
    expect(cluster, 200, rounds.USE, going_on.credentials)
    expect_refused(cluster, ending)
    follows, began = time.monotonic() - began, time.monotonic()
    # They are silent still.
    cluster.restart()
    return f"lose: follows again after {follows:.1f} s, stops and starts in {time.monotonic() - began:.1f} s"


def until_answered(cluster, held, status, patience):
    began = time.monotonic()
    while time.monotonic() < began + patience:
        answer = use(cluster, held)
        if answer.status == status:
            return time.monotonic() - began
        if answer.status not in (200, 503):
            raise Unexpected(f"a session that goes on: {answer}")
        time.sleep(0.01)
    raise Unexpected(f"a session that goes on is not answered {status} within {patience} s")


def use(cluster, held):
    return cluster.at(1)(rounds.USE, held.credentials).send().answer()


def expect(cluster, status, *request):
    answer = cluster.at(1)(*request).send().answer()
    if answer.status != status:
        raise Unexpected(f"{request[0]}: {answer.status} instead of {status}")


def expect_refused(cluster, ending):
    rounds.judge_ended(Tally(strict=True), rounds.send(rounds.connect(cluster.at(1), ending.ended[0])), ending)
