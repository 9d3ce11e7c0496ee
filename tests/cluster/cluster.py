"""Two nodes on one database: what one ends, the other refuses at once, whatever goes wrong.

cluster.py BINARY WORK PROXY_PORT NODE_PORT NODE_PORT MAIL_PORT [PHASE...]
DATABASE, SECRET and URL are in the environment.
"""

import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from command import user_logout
from cut_off import cut_off
from faults import cuts, kills, stops
from in_order import everyone, in_turn, proof, twice, watched
from nodes import Node
from one_session import one_session
from people import Letters, Unexpected
from rounds import Accepted
from tokens import tokens
from web import PATIENCE, Site

PHASES = [in_turn, watched, twice, everyone, cuts, stops, kills, cut_off, tokens, one_session, user_logout, proof]


class Stage:
    """What is there before the nodes."""

    def __init__(self, binary, work, *ports):
        self.binary, self.work = binary, Path(work)
        self.proxy_port, *self.node_ports, self.mail_port = map(int, ports)
        self.relay_ports = [port + 2 for port in self.node_ports]
        self.database, self.secret, self.url = (os.environ[name] for name in ("DATABASE", "SECRET", "URL"))


class Cluster:
    """The nodes and the ways in."""

    def __init__(self, stage):
        self.stage, self.site = stage, Site(stage.proxy_port, stage.node_ports, stage.work / "ca.pem")
        self.at, self.through_proxy = self.site.at, self.site.through_proxy
        self.nodes = [Node(number, stage, self.site) for number in (0, 1)]
        self.letters, self.has_superuser = Letters(stage.work / "mail.letters"), False
        self.numbers, self.lock = itertools.count(), threading.Lock()

    def restart(self, **settings):
        """All at once, as an operator stops and starts them."""
        for node in self.nodes:
            node.end()
        for node in self.nodes:
            node.start(**settings)
        for node in self.nodes:
            node.await_ready()

    def next_number(self):
        with self.lock:
            return next(self.numbers)

    def ask(self, node, status, *request):
        """The answer, which has this status; whoever is told to come back does."""
        give_up = time.monotonic() + PATIENCE
        answer = self.at(node)(*request).send().answer()
        while answer.status == 503 and time.monotonic() < give_up:
            time.sleep(0.1)
            answer = self.at(node)(*request).send().answer()
        if answer.status != status:
            raise Unexpected(f"{request[0]}: {answer.status} instead of {status}: {answer.body}")
        return answer

    def command(self, words, said=""):
        """Runs `nightlatch` with these words and the settings of the first node."""
        settings, work = self.nodes[0].settings, self.stage.work
        command = [self.stage.binary, *words]
        done = subprocess.run(command, env=settings, cwd=work, input=said, text=True, capture_output=True)
        if done.returncode != 0:
            raise Unexpected(f"nightlatch {' '.join(words)}: {done.stderr}")

    def sql(self, text):
        command = ["psql", "-qtAX", "-v", "ON_ERROR_STOP=1", self.stage.database, "-c", text]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def close(self):
        for node in self.nodes:
            node.close()


def run(stage, names):
    cluster = Cluster(stage)
    try:
        cluster.restart()
        for phase in PHASES:
            if not names or phase.__name__ in names:
                began = time.monotonic()
                print(f"{phase.__name__}: {phase(cluster)} ({time.monotonic() - began:.0f} s)", flush=True)
    except (Accepted, Unexpected) as fault:
        print(f"{phase.__name__}: {type(fault).__name__.upper()}: {fault}", file=sys.stderr)
        return 1
    finally:
        cluster.close()
    return 0


if __name__ == "__main__":
    sys.exit(run(Stage(*sys.argv[1:7]), sys.argv[7:]))
