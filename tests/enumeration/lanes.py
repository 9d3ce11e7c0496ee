"""What each server is asked. A lane is a server's settings and a story, which yields whatever tells one address from another."""

import itertools
import time

from client import Client, address, no_request
from race import Runner, race
from server import PASSWORD

WRONG = "copper kettle violin orchard"
KNOWN, LOCKED, INVITED = address("known"), address("locked"), address("invited")
NAME, NO_NAME = "known-name", "other-name"

# A new code is given once in so many seconds.
RESEND_PAUSE = 60


def api(server):
    people(server)
    new, taken, began = yield from sign_ups(server, Client.api, "API")
    yield from sign_ins(server, Client.api, "signin", "API", others(server))
    yield from resets(server, Client.api, "API", [no_request])
    yield from codes(server, Client.api, "API", new, taken, [no_request])
    yield from resends(server, Client.api, "API", new, taken, [no_request], began)


def pages(server):
    people(server)
    new, taken, began = yield from sign_ups(server, Client.page, "page")
    yield from sign_ins(server, Client.page, "signin", "page", [])
    yield from sign_ins(server, Client.api, "token", "token", [])
    yield from resets(server, Client.page, "page", [])
    yield from codes(server, Client.page, "page", new, taken, [])
    yield from resends(server, Client.page, "page", new, taken, [], began)


def limited(server):
    """Whoever guesses too often is told so in the same time, too, whether it guesses at somebody or at nobody."""
    people(server)
    networks = (f"198.18.{number // 250}.{number % 250 + 1}" for number in itertools.count())
    client = Client(server)
    for email in [KNOWN, address("stranger")] * 6:
        client.api("signin", email=email, password=WRONG, network=next(networks))
    somewhere = {"network": lambda _: next(networks)}
    yield from race(
        "too many wrong passwords for one account",
        asks(server, Client.api, "unknown", "signin", email=address("stranger"), password=WRONG, **somewhere),
        asks(server, Client.api, "known", "signin", email=KNOWN, password=WRONG, **somewhere),
        asks(server, Client.api, "known, right password", "signin", email=KNOWN, password=PASSWORD, **somewhere),
    )
    here, client = {"network": "203.0.113.7"}, Client(server)
    for number in range(11):
        client.api("signin", email=address("other", number), password=WRONG, **here)
    yield from race(
        "too many wrong passwords from one network",
        asks(server, Client.api, "unknown", "signin", email=address("stranger"), password=WRONG, **here),
        asks(server, Client.api, "known", "signin", email=KNOWN, password=WRONG, **here),
        asks(server, Client.api, "known, right password", "signin", email=KNOWN, password=PASSWORD, **here),
    )


api.settings = pages.settings = {"NIGHTLATCH_LIMITS__ENABLED": "false"}
# The proxy that is believed is this step, which asks for many networks. Nobody is let through while it lasts.
limited.settings = {
    "NIGHTLATCH_PROXY__TRUSTED": "127.0.0.0/8",
    "NIGHTLATCH_LIMITS__FIRST_WAIT": "15m",
}
LANES = [pages, api, limited]


def people(server):
    server.user("create", "--email", KNOWN, "--username", NAME, password=PASSWORD)
    server.user("create", "--email", LOCKED, password=PASSWORD)
    server.user("lock", LOCKED)
    server.user("create", "--email", INVITED)


def asks(server, way, name, act, /, **fields):
    """A runner on a connection of its own; a field may depend on the round."""
    client = Client(server)
    return Runner(name, lambda number: way(client, act, **{key: of(value, number) for key, value in fields.items()}))


def of(value, number):
    return value(number) if callable(value) else value


def sign_ups(server, way, where):
    person = {"password": PASSWORD, "name": "Ann"}
    new = asks(server, way, "new", "signup", email=lambda number: address("new", number), **person)
    taken = asks(server, way, "taken", "signup", email=KNOWN, **person)
    yield from race(f"{where}: sign up", new, taken)
    return new.requests, taken.requests, time.monotonic()


def sign_ins(server, way, act, where, more):
    def unknown(number):
        return address("stranger", number)

    for what, password in ("wrong", WRONG), ("empty", ""), ("one character", "x"):
        yield from race(
            f"{where}: sign in, {what} password",
            asks(server, way, "unknown", act, email=unknown, password=password),
            asks(server, way, "known", act, email=KNOWN, password=password),
            *(more if what == "wrong" else []),
        )


def others(server):
    """Kinds of accounts, and what is none yet; where there is a password, it is the right one."""
    return [
        asks(server, Client.api, "locked", "signin", email=LOCKED, password=PASSWORD),
        asks(server, Client.api, "invited", "signin", email=INVITED, password=PASSWORD),
        asks(server, Client.api, "pending", "signin", email=lambda number: address("new", number), password=PASSWORD),
        asks(server, Client.api, "username", "signin", email=NAME, password=WRONG),
        asks(server, Client.api, "no username", "signin", email=NO_NAME, password=WRONG),
    ]


def resets(server, way, where, nothing):
    unknown = asks(server, way, "unknown", "forgot", email=lambda number: address("stranger", number))
    known = asks(server, way, "known", "forgot", email=KNOWN).quick()
    yield from race(f"{where}: forgotten password", unknown, known)
    wrong = {"code": "0000 0000", "password": "lantern walnut drizzle compass"}
    runners = answering(server, way, "reset", unknown.requests, known.requests, nothing, wrong)
    yield from race(f"{where}: wrong code for a reset", *runners)


def codes(server, way, where, new, taken, nothing):
    runners = answering(server, way, "verify", new, taken, nothing, {"code": "0000 0000"})
    yield from race(f"{where}: wrong code for a sign-up", *runners)


def resends(server, way, where, new, taken, nothing, began):
    time.sleep(max(0, began + RESEND_PAUSE + 1 - time.monotonic()))
    yield from race(f"{where}: new code for a sign-up", *answering(server, way, "resend", new, taken, nothing, {}))


def answering(server, way, act, unknown, known, nothing, fields):
    """One for requests of addresses that have no account, one for those that have, and one for what is no request."""
    yield asks(server, way, "unknown", act, request=lambda number: unknown[number], **fields)
    yield asks(server, way, "known", act, request=lambda number: known[number], **fields).quick()
    for draw in nothing:
        yield asks(server, way, "no request", act, request=lambda _: draw(), **fields)
