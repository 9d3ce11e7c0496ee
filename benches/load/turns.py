"""Measures things in the turns A B B A, so that what drifts meets all alike."""

import os
import statistics
import subprocess
from dataclasses import dataclass


@dataclass
class Measured:
    """For each CPU second, for each second, and the 99th percentile of the waits in milliseconds: the means of two turns."""

    per_cpu: float
    rate: float
    p99: float = 0.0


def in_turn(*measures):
    """Runs them there and back, which is A B B A for two."""
    results = [[] for _ in measures]
    for place in [*range(len(measures)), *reversed(range(len(measures)))]:
        results[place].append(measures[place]())
    return [Measured(*(statistics.mean(values) for values in zip(*turns))) for turns in results]


def drive(program, traffic, others=lambda: 0.0):
    """What a server does with the traffic that a function begins; `others` tells the CPU seconds of what it has work for it."""
    before = program.cpu() + others()
    answers = traffic().wait()
    return answers.good / (program.cpu() + others() - before), answers.rate, answers.p99


def alone(command, others=lambda: 0.0):
    """The same of a program that prints how many it made, and how many a second."""
    before = others()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        made, rate = (float(word) for word in process.stdout.read().split())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command}: exit code {process.returncode}")
    return made / (used.ru_utime + used.ru_stime + others() - before), rate, 0.0
