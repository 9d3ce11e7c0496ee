"""One session for each account: of many sign-ins at once one is left."""

import time

import rounds
from people import Held, Person, Unexpected, program

SIGN_INS = 100
# Seconds. A sign-in waits for no other node, which refuses what it replaced with its next reading, ten times a second.
NEXT_READING = 1


def one_session(cluster):
    cluster.restart(NIGHTLATCH_SESSION__PER_USER="1")
    person = Person(cluster)
    every = [person.browser, person.program, *sign_in(cluster, person)]
    ended, seconds = settle(cluster, every)
    cluster.restart()
    if len(ended) != len(every) - 1:
        raise Unexpected(f"{len(every) - len(ended)} of {len(every)} sessions are live")
    return f"{SIGN_INS} sign-ins at once leave one session on both nodes, {seconds * 1000:.0f} ms after the last answer"


def sign_in(cluster, person):
    """Half of them as browsers, half as programs; whoever is told to come back does."""
    left, held = list(range(SIGN_INS)), []
    while left:
        ways = {number: ("POST /api/auth/signin", "POST /api/auth/token")[number // 2 % 2] for number in left}
        requests = {number: cluster.at(number % 2)(way, None, person.login) for number, way in ways.items()}
        for request in requests.values():
            request.send()
        answers = {number: request.answer() for number, request in requests.items()}
        for answer in answers.values():
            if answer.status == 200:
                held.append(Held({"Cookie": answer.cookie}) if answer.cookie else program(answer)[0])
            elif answer.status != 503:
                raise Unexpected(f"sign-in: {answer}")
        left = [number for number, answer in answers.items() if answer.status == 503]
    return held


def settle(cluster, every):
    """Those that are refused on both nodes once the same one is taken on both, and when that was."""
    began = time.monotonic()
    while True:
        live = [[held for held in every if is_live(cluster, node, held)] for node in (0, 1)]
        seconds = time.monotonic() - began
        if live[0] == live[1] and len(live[0]) == 1 or seconds > NEXT_READING:
            return [held for held in every if held not in live[0] + live[1]], seconds


def is_live(cluster, node, held):
    answer = cluster.at(node)(rounds.USE, held.credentials).send().answer()
    if answer.status != 200 and (answer.status, answer.reason) != (401, "replaced"):
        raise Unexpected(f"after a sign-in elsewhere: {answer}")
    return answer.status == 200
