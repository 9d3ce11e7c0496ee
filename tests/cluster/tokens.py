"""Refresh tokens that are used by many at once, or after they were used up."""

import rounds
from people import Person, Unexpected, program

USES = 50


def tokens(cluster):
    with_grace(cluster)
    ends_the_line(cluster, "great-grandparent", *line(cluster, 3))
    cluster.restart(NIGHTLATCH_TOKEN__GRACE="0s")
    without_grace(cluster)
    ends_the_line(cluster, "parent", *line(cluster, 1))
    lines = [line(cluster, 1), line(cluster, 3)]
    cluster.restart(NIGHTLATCH_TOKEN__GRACE="0s")
    for number, one in enumerate(lines):
        ends_the_line(cluster, f"after a restart ({number})", *one)
    cluster.restart()
    return f"{USES} at once: one successor, and without grace one winner of a dead line; 4 replays ended theirs"


def with_grace(cluster):
    """One successor for all, and nobody is signed out."""
    person = Person(cluster)
    answers = at_once(cluster, person.refresh)
    pairs = [program(answer) for answer in answers if answer.status == 200]
    successors = {refresh for _, refresh in pairs}
    if (len(pairs), len(successors)) != (USES, 1):
        raise Unexpected(f"with grace: {len(pairs)} of {USES} answered 200, {len(successors)} successors")
    last, _ = person.refreshed(successors.pop())
    for held in [person.program, person.browser, last, *(held for held, _ in pairs)]:
        for node in (0, 1):
            cluster.ask(node, 200, rounds.USE, held.credentials)


def without_grace(cluster):
    """One winner, of a line that is dead."""
    person = Person(cluster)
    answers = at_once(cluster, person.refresh)
    won = [answer for answer in answers if answer.status == 200]
    lost = [answer for answer in answers if answer.status == 401 and answer.reason == "refresh_reused"]
    if (len(won), len(lost)) != (1, USES - 1):
        raise Unexpected(f"without grace: {len(won)} of {USES} answered 200, {len(lost)} refused")
    expect_dead(cluster, person, *program(won[0]))


def at_once(cluster, refresh):
    requests = [post(cluster, number % 2, refresh) for number in range(USES)]
    return [request.answer() for request in [request.send() for request in requests]]


def post(cluster, node, refresh):
    return cluster.at(node)("POST /api/auth/token/refresh", None, {"refresh_token": refresh})


def line(cluster, length):
    """Somebody with a first token, and what they hold after it was refreshed so often."""
    person = Person(cluster)
    held, last = person.program, person.refresh
    for _ in range(length):
        held, last = person.refreshed(last)
    return person, held, last


def ends_the_line(cluster, name, person, held, last):
    for node in (0, 1):
        cluster.ask(node, 200, rounds.USE, held.credentials)
    answer = post(cluster, 0, person.refresh).send().answer()
    if (answer.status, answer.reason) != (401, "refresh_reused"):
        raise Unexpected(f"{name}: {answer}")
    expect_dead(cluster, person, held, last)


def expect_dead(cluster, person, held, last):
    """Both tokens are refused on both nodes, whoever else is signed in goes on, and the owner can see why."""
    for node in (1, 0):
        for request in (cluster.at(node)(rounds.USE, held.credentials), post(cluster, node, last)):
            answer = request.send().answer()
            if (answer.status, answer.reason) != (401, "refresh_reused"):
                raise Unexpected(f"a line that has two holders goes on: {answer}")
    events = cluster.ask(0, 200, "GET /api/account/events", person.browser.credentials).body["items"]
    told = [event for event in events if event["type"] == "token.reused"]
    if len(told) != 1:
        raise Unexpected(f"{len(told)} events token.reused")
