"""Rounds of "end on one node, at once use on the other", and what comes of them."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from endings import KINDS
from people import Person, Unexpected, superuser
from web import NoAnswer

# What is answered by a node that cannot know, or by the proxy for one that says nothing.
OUTAGE = (502, 503, 504)

USE = "GET /api/auth/session"


class Accepted(Exception):
    """A session that had ended was taken for one that goes on."""


class Tally:
    """What the rounds of one phase have seen, counted by several threads. A strict one allows no outage."""

    def __init__(self, strict):
        self.strict, self.lock = strict, threading.Lock()
        self.counts, self.seconds, self.over, self.going_on = {}, [], [], []

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def note(self, ending, seconds):
        with self.lock:
            self.seconds.append(seconds)
            self.over += [(held, ending) for held in ending.ended]
            self.going_on += [(held, ending) for held in ending.kept]

    def one_over(self):
        """One of those that have ended, the latest more often than others."""
        with self.lock:
            some = self.over[-20:] if random.random() < 0.7 else self.over
            return random.choice(some) if some else None

    def __str__(self):
        return ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))


def prepare(cluster, count, kinds=KINDS):
    """So many endings, of each kind in turn."""
    cluster.superuser = superuser(cluster)
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda number: kinds[number % len(kinds)](Person(cluster)), range(count)))


def play(cluster, tally, ending, ender):
    """One round. An ending whose answer is lost, or is 503, may have happened or not: nothing is expected of it."""
    # The other node, the proxy, which asks both in turn, and the node where it ends.
    ways = [cluster.at(1 - ender), cluster.through_proxy, cluster.through_proxy, cluster.at(ender)]
    uses = [(way, held, connect(way, held)) for held in ending.ended for way in ways]
    began = time.monotonic()
    try:
        answer = cluster.at(ender)(*ending.request).send().answer()
    except NoAnswer:
        answer = None
    seconds = time.monotonic() - began
    if answer is None or answer.status != ending.status:
        if tally.strict or (answer and answer.status not in OUTAGE):
            raise Unexpected(f"{ending.request[0]}: {answer}")
        tally.count("endings with an unknown outcome")
        return
    sent = [send(request or connect(way, held)) for way, held, request in uses]
    for request in sent:
        judge_ended(tally, request, ending)
    tally.note(ending, seconds)
    for held in ending.kept:
        for node in (0, 1):
            judge_kept(tally, send(connect(cluster.at(node), held)), ending)


def connect(way, held):
    try:
        return way(USE, held.credentials)
    except NoAnswer:
        return None


def send(request):
    try:
        return request and request.send()
    except NoAnswer:
        return None


def outcome(tally, request):
    """The answer, or none where that can happen."""
    try:
        if request:
            return request.answer()
    except NoAnswer:
        pass
    if tally.strict:
        raise Unexpected("no answer")
    tally.count("uses without an answer")
    return None


def judge_ended(tally, request, ending):
    answer = outcome(tally, request)
    if answer is None:
        return
    if answer.status == 200 or answer.cookie:
        raise Accepted(f"{ending.request[0]} was answered, and a use after that: {answer}")
    if answer.status == 401 and answer.reason == ending.reason:
        tally.count("uses refused")
    elif answer.status in OUTAGE and not tally.strict:
        tally.count("uses answered 503")
    else:
        raise Unexpected(f"after {ending.request[0]}: {answer}")


def judge_kept(tally, request, ending):
    answer = outcome(tally, request)
    if answer is None:
        return
    if answer.status == 200:
        tally.count("uses of sessions that go on")
    elif answer.status not in OUTAGE or tally.strict:
        raise Unexpected(f"{ending.request[0]} ended another session too: {answer}")


def look_back(cluster, tally):
    """When all is in order again: each node refuses what was ended, and nothing else."""
    tally.strict = True
    for node in (0, 1):
        for held, ending in tally.over:
            judge_ended(tally, send(connect(cluster.at(node), held)), ending)
        for held, ending in tally.going_on:
            judge_kept(tally, send(connect(cluster.at(node), held)), ending)


def in_words(seconds):
    seconds = sorted(seconds)
    median, high = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
    return f"median {median * 1000:.0f} ms, p99 {high * 1000:.0f} ms"
