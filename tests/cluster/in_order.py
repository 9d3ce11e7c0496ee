"""Endings while nothing is out of order."""

import random
import select
import time
from concurrent.futures import ThreadPoolExecutor

import rounds
from endings import Ending, end_others, logout, logout_all, logout_by_access_token, logout_by_refresh_token
from people import Person, Unexpected, superuser
from rounds import Accepted, Tally

# Nodes that say they know of every ending before they do: then nobody waits for them.
LIE = """CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.seen := 1000000000000; RETURN NEW; END';
    CREATE TRIGGER lie BEFORE INSERT OR UPDATE ON nodes FOR EACH ROW EXECUTE FUNCTION lie();
    UPDATE nodes SET seen = seen"""


def in_turn(cluster):
    tally, endings = Tally(strict=True), rounds.prepare(cluster, 1000)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: rounds.play(cluster, tally, endings[number], number % 2), range(len(endings))))
    return f"{len(endings)} rounds; {tally}; answered in {rounds.in_words(tally.seconds)}"


def watched(cluster):
    """The other node is asked all the while: it refuses before the answer is there, and for good."""
    tally, answered, held = Tally(strict=True), [], []
    for number, ending in enumerate(rounds.prepare(cluster, 60, [logout])):
        ender, over = number % 2, None
        request = cluster.at(ender)(*ending.request).send()
        began = time.monotonic()
        while not request.is_answered(0.001):
            status = rounds.send(rounds.connect(cluster.at(1 - ender), ending.ended[0])).answer().status
            if over is None and status == 401:
                over = time.monotonic() - began
            elif over is not None and status != 401:
                raise Accepted(f"refused after {over} s, and then {status}")
        answered.append(time.monotonic() - began)
        held.append(over or answered[-1])
        if request.answer().status != ending.status:
            raise Unexpected(ending.request[0])
        rounds.judge_ended(tally, rounds.send(rounds.connect(cluster.at(1 - ender), ending.ended[0])), ending)
    return f"one at a time: holds after {rounds.in_words(held)}; answered in {rounds.in_words(answered)}"


def twice(cluster):
    """The same ending on both nodes at once: whichever is answered first, it holds on both."""
    kinds = [logout, logout_all, logout_by_refresh_token, end_others, logout_by_access_token]
    tally, endings = Tally(strict=True), rounds.prepare(cluster, 50, kinds)
    for ending in endings:
        uses = [rounds.connect(cluster.at(node), held) for held in ending.ended for node in (0, 1)]
        both = [cluster.at(node)(*ending.request).send() for node in (0, 1)]
        while True:
            ready, _, _ = select.select([request.connection.sock for request in both], [], [])
            first = next(request for request in both if request.connection.sock in ready)
            both.remove(first)
            # Of the other node's ending this one may have heard already.
            if first.answer().status == ending.status:
                break
        for use in [use.send() for use in uses]:
            rounds.judge_ended(tally, use, ending)
        for request in both:
            request.answer()
    return f"{len(endings)} rounds, {tally}"


def everyone(cluster):
    """All sessions of all accounts, with one request."""
    people = [Person(cluster) for _ in range(20)]
    every = [held for person in people for held in (person.browser, person.program)]
    ending = Ending(("POST /api/admin/logout-everyone", superuser(cluster).credentials), every, [], "forced")
    tally = Tally(strict=True)
    rounds.play(cluster, tally, ending, 0)
    return f"{tally}; answered in {tally.seconds[0] * 1000:.0f} ms"


def proof(cluster):
    """That this check can fail: with nodes that lie, it finds sessions that are taken although they have ended."""
    found, endings = 0, rounds.prepare(cluster, 20, [logout])
    cluster.sql(LIE)
    for ending in endings:
        try:
            rounds.play(cluster, Tally(strict=True), ending, random.randrange(2))
        except Accepted:
            found += 1
    cluster.sql("DROP TRIGGER lie ON nodes; DROP FUNCTION lie")
    if found == 0:
        raise Unexpected("with nodes that lie, every ended session was refused: the check sees nothing")
    return f"with nodes that lie, {found} of {len(endings)} ended sessions were taken: the check would see it"

