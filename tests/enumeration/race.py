"""Askers take turns in an order drawn anew each time; then nothing may tell one from another."""

import difflib
import random
import statistics

ROUNDS = 200
# The first ones pay for what is made once.
WARM_UP = 5

# Medians may differ by so many seconds, or by this share of the longer one.
SECONDS = 0.005
SHARE = 0.05


# Where nothing is hashed, all is over before that, and the work that makes the times alike would not be missed.
QUICK_SECONDS = 0.0001
QUICK_SHARE = 0.2

# On a busy machine the times of a race may be apart by chance, but not those of three.
RACES = 3


class Runner:
    """`ask` gets the number of the round and gives an answer; all of these are kept."""

    def __init__(self, name, ask):
        self.name, self.ask, self.answers, self.is_quick = name, ask, [], False

    def quick(self):
        """Held to the narrower bounds, where times are short."""
        self.is_quick = True
        return self

    @property
    def median(self):
        return statistics.median(answer.seconds for answer in self.answers[-ROUNDS:])

    @property
    def requests(self):
        return [answer.request for answer in self.answers]


def race(what, *runners):
    """Runs them against the first of them, and says what tells one from it."""
    first, suspects = runners[0], runners[1:]
    for _ in range(RACES):
        if suspects:
            run([first, *suspects])
            times = ", ".join(f"{runner.name} {runner.median * 1000:.2f}" for runner in [first, *suspects])
            print(f"{what}, ms: {times}", flush=True)
            suspects = [runner for runner in suspects if is_apart(first, runner)]
    late = [f"the time tells {runner.name} from {first.name}" for runner in suspects]
    other = [fault for runner in runners for fault in tells_by_answer(first, runner)]
    return [f"{what}: {fault}" for fault in late + other]


def run(runners):
    order = list(runners)
    for number in range(WARM_UP + ROUNDS):
        random.shuffle(order)
        for runner in order:
            runner.answers.append(runner.ask(number))


def is_apart(first, runner):
    apart, longer = abs(runner.median - first.median), max(runner.median, first.median)
    least, share = (QUICK_SECONDS, QUICK_SHARE) if runner.is_quick else (SECONDS, SHARE)
    return apart > max(least, share * longer)


def tells_by_answer(first, runner):
    wanted = first.answers[0].outline
    other = next((answer.outline for answer in runner.answers if answer.outline != wanted), wanted)
    lines = difflib.unified_diff(wanted.split("\n"), other.split("\n"), first.name, runner.name, lineterm="", n=0)
    difference = "\n".join(lines)
    if difference:
        yield f"the answer tells {runner.name} from {first.name}:\n{difference}"
