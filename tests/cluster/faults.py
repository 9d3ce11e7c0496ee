"""Endings while one node after the other is cut off from the database, stopped or killed."""

import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import rounds
from people import Unexpected
from rounds import Tally

FAULTS, ROUNDS_EACH = 16, 15


def cuts(cluster):
    return with_faults(cluster, cut)


def stops(cluster):
    return with_faults(cluster, stop)


def kills(cluster):
    return with_faults(cluster, kill)


def cut(node):
    node.line(random.choice(["cut", "refuse", "hold", "deaf"]))
    time.sleep(short_or_long())
    node.line("pass")


def stop(node):
    """What is sent to it meanwhile is read when it goes on."""
    node.tell(signal.SIGSTOP)
    time.sleep(short_or_long())
    node.tell(signal.SIGCONT)


def kill(node):
    node.end(signal.SIGKILL)
    time.sleep(random.uniform(0, 2.5))
    node.start()
    node.await_ready()


def short_or_long():
    """Seconds, on both sides of the two for which a node trusts what it has read."""
    return random.choice([random.uniform(0.05, 0.6), random.uniform(1.7, 3)])


def with_faults(cluster, fault):
    """Rounds all the while, and what has ended before comes again and again."""
    tally, endings = Tally(strict=False), rounds.prepare(cluster, FAULTS * ROUNDS_EACH)
    faults, haunt = Faults(cluster.nodes, fault), Haunt(cluster, tally)

    def one(number):
        while faults.is_alive() and faults.count < number // ROUNDS_EACH:
            time.sleep(0.02)
        time.sleep(random.uniform(0, 1.5))
        rounds.play(cluster, tally, endings[number], faults.ender())

    with faults, haunt, ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(len(endings))))
    for node in cluster.nodes:
        node.await_ready()
    rounds.look_back(cluster, tally)
    if len(tally.seconds) < len(endings) / 2:
        raise Unexpected(f"too little happened to say anything: {len(tally.seconds)} endings were answered")
    return f"{faults.count} faults, {len(tally.seconds)} endings; {tally}; answered in {rounds.in_words(tally.seconds)}"


class Work(threading.Thread):
    """Goes on beside what is done in the `with` that it is given to."""

    def __init__(self):
        super().__init__()
        self.over, self.error = False, None

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.over = True
        self.join()
        if self.error:
            raise self.error

    def run(self):
        try:
            while not self.over:
                self.step()
        except Exception as error:
            self.error = error


class Faults(Work):
    """One after the other, on one node at a time."""

    def __init__(self, nodes, fault):
        super().__init__()
        self.nodes, self.fault, self.at_fault, self.count = nodes, fault, None, 0

    def step(self):
        time.sleep(random.uniform(0.1, 0.8))
        self.at_fault = random.randrange(2)
        self.fault(self.nodes[self.at_fault])
        self.at_fault = None
        self.count += 1

    def ender(self):
        """Mostly the node that nothing is wrong with: the other may not come to an answer."""
        at_fault = self.at_fault
        return random.randrange(2) if at_fault is None or random.random() < 0.2 else 1 - at_fault


class Haunt(Work):
    """Uses what has ended, on either node."""

    def __init__(self, cluster, tally):
        super().__init__()
        self.cluster, self.tally = cluster, tally

    def step(self):
        time.sleep(0.002)
        if one := self.tally.one_over():
            held, ending = one
            use = rounds.send(rounds.connect(self.cluster.at(random.randrange(2)), held))
            rounds.judge_ended(self.tally, use, ending)
