"""What strangers do to the port of one server, and whether others notice.

scenes.py BINARY SECONDS [SCENE...]
"""

import sys

import crowd
import encrypted
import framing
from server import Server

BINARY, SECONDS = sys.argv[1], float(sys.argv[2])


def half_open():
    """2,000 requests that do not end, however they do not."""
    with Server(BINARY) as server:
        crowd.besiege(server, 2000, SECONDS)


def no_room():
    """The same where there is room for 200 connections: whoever waits longest makes room."""
    with Server(BINARY, NIGHTLATCH_CONNECTIONS__MAX="200") as server:
        crowd.besiege(server, 2000, min(SECONDS, 10), kept=False)


def few_files():
    """The same where the system lets it open 400 files: it neither ends nor spins."""
    with Server(BINARY, files=400) as server:
        crowd.besiege(server, 2000, min(SECONDS, 10), kept=False)


def frames():
    """Requests of which nobody can tell where they end."""
    with Server(BINARY) as server:
        framing.look(framing.Place("127.0.0.1", server.port, f"localhost:{server.port}"))


def lengths():
    """Every answer is as long as it says."""
    with Server(BINARY) as server:
        framing.measure(framing.Place("127.0.0.1", server.port, f"localhost:{server.port}"))


def tls():
    """ROCKET_TLS: what is spoken and what is not, and who is waited for."""
    encrypted.look(BINARY)


def stop():
    """2,000 half-open requests hold no stop up."""
    with Server(BINARY) as server:
        crowd.stop(server, 2000)


SCENES = [frames, lengths, tls, stop, no_room, few_files, half_open]


def main():
    chosen = sys.argv[3:] or [scene.__name__ for scene in SCENES]
    for scene in SCENES:
        if scene.__name__ in chosen:
            print(f"{scene.__name__}: {scene.__doc__}", flush=True)
            scene()


main()
