"""`/dashboard` beside a page like it by axum-login and askama, with sessions in SQLite."""

from nightlatch import SIGNINS, Nightlatch
from program import Program
from report import Row
from traffic import Traffic, line
from turns import drive, in_turn

CONNECTIONS = 64
# With as many sign-ins as one network may have in a minute.
PEOPLE = 5


def rows(run):
    folder = run.work / "axum"
    settings = {"DATABASE_URL": f"sqlite:{folder}/axum.db"}
    peer = Program([run.ceiling("axum-page", "ceiling/axum-page")], folder, settings, "/start", "CEILING_PORT")
    with Nightlatch(run.binary, run.work / "dashboard") as server, peer as axum:
        server.sign_up(PEOPLE, SIGNINS)
        cookie = axum.ask("GET", "/start")[0].headers["Set-Cookie"].split(";")[0]
        sizes = [len(one.ask("GET", "/dashboard", headers={"Cookie": held})[1]) for one, held in [(server, server.cookies[0]), (axum, cookie)]]
        pages = [line("GET", "/dashboard", cookie=cookie)]
        ours, theirs = in_turn(
            lambda: drive(server, lambda: Traffic(server.port, server.signed_in("/dashboard"), CONNECTIONS, run.seconds)),
            lambda: drive(axum, lambda: Traffic(axum.port, pages, CONNECTIONS, run.seconds, wants=None)),
        )
    detail = f"{ours.per_cpu:,.0f} pages of {sizes[0]:,} bytes per CPU second beside {theirs.per_cpu:,.0f} of {sizes[1]:,}"
    yield Row("`/dashboard` / axum-login", ours.per_cpu / theirs.per_cpu, 2, 1, "x", detail)
