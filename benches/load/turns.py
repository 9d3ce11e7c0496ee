"""Measures two things in the turns A B B A, so that what drifts meets both alike."""

import statistics
from dataclasses import dataclass


@dataclass
class Measured:
    """What two turns gave: the mean of each."""

    per_cpu: float
    rate: float
    p99: float


def mean(answers):
    return Measured(*(statistics.mean(values) for values in zip(*answers)))


def in_turn(*measures):
    """Each of `measures` gives (per CPU second, rate, p99). Run there and back, which is A B B A for two."""
    results = [[] for _ in measures]
    for place in [*range(len(measures)), *reversed(range(len(measures)))]:
        results[place].append(measures[place]())
    return [mean(answers) for answers in results]


def drive(program, traffic):
    """Traffic that is given by a function, its answers for each CPU second of the server's processes."""
    before = program.cpu()
    answers = traffic().wait()
    return answers.good / (program.cpu() - before), answers.rate, answers.p99
