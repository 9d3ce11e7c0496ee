"""Floods of sign-ins: how many a second beside the bare hash, who else has to wait, and what memory they take."""

import os

from nightlatch import Nightlatch
from report import Row
from traffic import Traffic
from turns import alone, drive, in_turn

PEOPLE = 16
FLOOD = 8
OTHERS = 32


def rows(run):
    # Without limits: one network may sign in thirty times a minute.
    with Nightlatch(run.binary, run.work / "signin", limits=False) as server:
        server.sign_up(PEOPLE)
        yield rate(run, server)
    with Nightlatch(run.binary, run.work / "flood", limits=False) as server:
        server.sign_up(PEOPLE)
        server.forget_peak()
        yield waits(run, server)
        permits = os.cpu_count()
        most = permits * 19 + 30
        peak = server.resident(peak=True)
        yield Row("memory under that flood", peak, most, most, "MiB", f"peak of the resident memory, {permits} permits", more=False)


def rate(run, server):
    bare = [run.ceiling("hash"), str(run.seconds)]
    ours, hashes = in_turn(
        lambda: drive(server, lambda: Traffic(server.port, server.signins(), 16, run.seconds)),
        lambda: alone(bare),
    )
    detail = f"{ours.per_cpu:.1f} sign-ins per CPU second beside {hashes.per_cpu:.1f} hashes; {ours.rate:.1f} a second beside {hashes.rate:.1f}"
    return Row("sign-in, 16 connections / bare Argon2id", ours.per_cpu / hashes.per_cpu, 0.97, 0.92, "x", detail)


def waits(run, server):
    def checks():
        return Traffic(server.port, server.signed_in("/api/auth/session"), OTHERS, run.seconds)

    def flooded():
        flood = Traffic(server.port, server.signins(), FLOOD, run.seconds + 1)
        answers = checks().wait()
        flood.wait()
        return 0.0, answers.rate, answers.p99

    alone, during = in_turn(lambda: drive(server, checks), flooded)
    detail = f"{during.p99:.1f} ms beside {alone.p99:.1f} ms; {during.rate:,.0f} a second beside {alone.rate:,.0f}"
    return Row("p99 of 32 session checks at once, under a flood of 8 sign-ins / alone", during.p99 / alone.p99, 2, 3, "x", detail, more=False)
