"""`GET /api/auth/session` with a cookie beside the two least programs on Rocket."""

from nightlatch import Nightlatch
from program import Program
from report import Row
from traffic import Traffic, line
from turns import drive, in_turn

CONNECTIONS = 64
PEOPLE = 8


def bare(run, name):
    """The bare Rocket program."""
    return Program([run.ceiling("rocket")], run.work / name, {"ROCKET_LOG_LEVEL": "off"}, "/plain")


def rows(run):
    with Nightlatch(run.binary, run.work / "session") as server, bare(run, "bare") as rocket:
        server.sign_up(PEOPLE)
        cookie = rocket.ask("GET", "/start")[0].headers["Set-Cookie"].split(";")[0]

        def turn(program, requests):
            return lambda: drive(program, lambda: Traffic(program.port, requests, CONNECTIONS, run.seconds))

        ours, plain, jwt = in_turn(
            turn(server, server.signed_in("/api/auth/session")),
            turn(rocket, [line("GET", "/plain")]),
            turn(rocket, [line("GET", "/jwt", cookie=cookie)]),
        )
    detail = f"{ours.per_cpu:,.0f} requests per CPU second beside {plain.per_cpu:,.0f} (constant) and {jwt.per_cpu:,.0f} (plain JWT)"
    least = jwt.per_cpu / plain.per_cpu
    yield Row("session check / bare Rocket", ours.per_cpu / plain.per_cpu, 0.75, least, "x", detail)
