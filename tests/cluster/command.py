"""`nightlatch user logout` beside running servers: they refuse the sessions when it has returned."""

import time

import rounds
from endings import Ending
from people import Person
from rounds import Tally

ROUNDS = 10


def user_logout(cluster):
    both = [cluster.at(0), cluster.at(1), cluster.through_proxy]
    nodes = logout(cluster, both, [Person(cluster) for _ in range(ROUNDS)])
    one, two = cluster.nodes
    one.end()
    two.end()
    one.start(NIGHTLATCH_DATABASE_URL=f"sqlite://{cluster.stage.work}/one.db")
    one.await_ready()
    file = logout(cluster, [cluster.at(0)], [Person(cluster, nodes=[0]) for _ in range(ROUNDS)])
    cluster.restart()
    return f"beside two nodes it returned in {nodes}; beside one on SQLite in {file}"


def logout(cluster, ways, people):
    seconds = []
    for person in people:
        ending = Ending(("nightlatch user logout",), [person.browser, person.program], [], "forced")
        uses = [rounds.connect(way, held) for held in ending.ended for way in ways]
        began = time.monotonic()
        cluster.command(["user", "logout", person.email])
        seconds.append(time.monotonic() - began)
        for use in [use.send() for use in uses]:
            rounds.judge_ended(Tally(strict=True), use, ending)
    return rounds.in_words(seconds)
