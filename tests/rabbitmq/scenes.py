"""What a consumer of the events sees, beside what the audit table has, while broker, servers and queues fail in turn.

scenes.py BINARY SECONDS [SCENE...]: SECONDS is how long the broker is away in the scene `everything`. TEST_DATABASE_URL is needed.
"""

import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from broker import MAX_MESSAGE, VHOST, Broker
from consumer import Queue, Wrong, compare
from people import CLIENTS, Crowd, Node, until

ACTS = 1000


class Stage:
    """A folder, a broker, and servers as a scene wants them."""

    def __init__(self, binary, folder, away):
        self.binary, self.folder, self.away, self.nodes = binary, folder, away, []
        self.postgres = os.environ["TEST_DATABASE_URL"]
        certify(folder)
        self.broker = Broker(folder)

    def node(self, url=None, postgres=None, **settings):
        folder = self.folder / f"node{len(self.nodes)}"
        self.nodes.append(Node(self.binary, folder, url or self.broker.url(), postgres, **settings))
        return self.nodes[-1]

    def clear(self):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.kill()
        self.broker.remove()


def certify(folder):
    """An authority that lives as long as this run, and its certificate for localhost."""
    (folder / "names").write_text("subjectAltName = DNS:localhost\n")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc"
    for command in [
        f"req -x509 {key} -days 1 -subj /CN=authority -keyout ca.key -out ca.pem",
        f"req {key} -subj /CN=localhost -keyout key.pem -out request.pem",
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 1 -extfile names -out cert.pem",
        f"req -x509 {key} -days 1 -subj /CN=another -keyout other.key -out other.pem",
    ]:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, stderr=subprocess.DEVNULL)


def everything(stage):
    """A thousand acts, the broker gone in the middle, the server killed again and again."""
    node, queue, kills = stage.node(), Queue(stage.broker, "all"), 0
    node.start()
    crowd = Crowd([node], ACTS)
    crowd.came_to(ACTS // 4)
    stage.broker.kill()
    # Half of the acts, over the time that the broker is away.
    crowd.pause = stage.away * CLIENTS / (ACTS // 2)
    back = time.monotonic() + stage.away
    while time.monotonic() < back:
        time.sleep(random.uniform(0.5, 2))
        node.kill()
        kills += 1
        node.start()
    waiting = node.pending()
    oldest = time.time() - min(row["created_at"] for row in waiting) / 1000
    print(f"  {stage.away} s without a broker: {len(waiting)} events wait, the oldest for {oldest:.0f} s: {node.outage()}")
    crowd.pause = 0
    stage.broker.start()
    while crowd.is_acting():
        time.sleep(random.uniform(0.2, 1))
        node.kill()
        kills += 1
        node.start()
    crowd.wait()
    took = node.emptied()
    rows = node.rows()
    repeated = compare(rows, queue.drain(len(rows), 30), node.site)
    kinds = len({row["type"] for row in rows})
    print(f"  {crowd.done} acts and {kills} kills: {len(rows)} events of {kinds} types as in the table, {repeated} repeated; "
          f"none waited {took:.1f} s after the last act")
    node.stop()
    queue.delete()


def repeated(stage):
    """The server killed between publishing and noting it down: the same events again, with the same id and number."""
    node, queue, kills, count = stage.node(), Queue(stage.broker, "all"), 0, 20_000
    node.start()
    node.kill()
    node.plant(count)
    while True:
        node.start()
        # Longer and longer, or a busy machine would never be done.
        time.sleep(random.uniform(0.05, 0.3) * (1 + kills / 20))
        if not node.pending():
            break
        node.kill()
        kills += 1
    rows = node.rows()
    again = compare(rows, queue.drain(count, 60), node.site)
    print(f"  {count} events and {kills} kills: each as in the table, {again} repeated, all of them the same")
    node.stop()
    queue.delete()


def latency(stage):
    """How soon an event arrives, and what a sign-in takes while the broker works and while it hangs."""
    node, queue = stage.node(), Queue(stage.broker, "all")
    node.start()
    node.sign_up("ann")
    delays = []
    for number in range(20):
        node.sign_in("ann")
        since = time.monotonic()
        delays.append(max(0, queue.drain(3 + number)[-1].at - since) * 1000)
    print(f"  an event arrives {statistics.median(delays):.0f} ms after the answer (median of 20; the slowest {max(delays):.0f} ms)")
    works = statistics.median(node.sign_in("ann") for _ in range(30))
    stage.broker.signal(signal.SIGSTOP)
    hangs = [node.sign_in("ann") for _ in range(30)]
    # By then the connection was given up, and another does not come about.
    time.sleep(6)
    hangs += [node.sign_in("ann") for _ in range(30)]
    waiting = len(node.pending())
    stage.broker.signal(signal.SIGCONT)
    print(f"  a sign-in takes {works:.0f} ms, and {statistics.median(hangs):.0f} ms while the broker hangs "
          f"(the slowest of 60: {max(hangs):.0f} ms); {waiting} events waited")
    if statistics.median(hangs) > 2 * works + 20:
        raise Wrong("signing in takes longer while the broker hangs")
    node.emptied()
    rows = node.rows()
    compare(rows, queue.drain(len(rows)), node.site)
    node.stop()
    queue.delete()


def unroutable(stage):
    """Nobody takes the events, then somebody some of them, then all."""
    node = stage.node()
    node.start()
    node.sign_up("ann")
    until("the return is told", lambda: "NO_ROUTE" in node.refusal(), 10)
    print(f"  without a queue: {node.refusal()}")
    node.kill()
    # In one batch with others, what comes back must not be taken for delivered, nor hold up the rest.
    node.plant(400, "CASE i % 3 WHEN 0 THEN 'user.created' ELSE 'session.started' END")
    some = Queue(stage.broker, "some", "session.*")
    node.start()
    until("what a queue takes has left", lambda: {row["type"] for row in node.pending()} == {"user.created"}, 30)
    taken = [row for row in node.rows() if row["type"] == "session.started"]
    if {delivery.id for delivery in some.drain(len(taken))} != {row["id"] for row in taken}:
        raise Wrong("the queue for sessions does not have what left for it")
    waiting = len(node.pending())
    rest = Queue(stage.broker, "rest", "user.*")
    took = node.emptied()
    rows = node.rows()
    compare(rows, some.read + rest.drain(len(rows) - len(taken)), node.site)
    print(f"  with a queue for some: {len(taken)} left, {waiting} waited; with one for the rest, none after {took:.1f} s")
    node.stop()
    some.delete()
    rest.delete()


def refused(stage):
    """A queue that is full refuses (basic.nack)."""
    node = stage.node()
    queue = Queue(stage.broker, "full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    node.start()
    node.sign_up("ann")
    node.sign_up("bob")
    until("the refusal is told", lambda: "nack" in node.refusal(), 10)
    print(f"  a full queue: {node.refusal()}")
    queue.drain(4, 30)
    node.emptied()
    rows = node.rows()
    print(f"  {len(rows)} events went through a queue for one, {compare(rows, queue.read, node.site)} repeated")
    node.stop()
    queue.delete()


def blocked(stage):
    """A broker that is short of memory stops reading."""
    node, queue = stage.node(), Queue(stage.broker, "all")
    node.start()
    node.sign_up("ann")
    queue.drain(2)
    stage.broker.control("set_vm_memory_high_watermark", "0")
    times = [node.sign_in("ann") for _ in range(20)]
    until("the block is told", lambda: "memory" in node.outage(), 30)
    time.sleep(4)
    print(f"  {node.outage()}; a sign-in takes {statistics.median(times):.0f} ms")
    threads = [thread.read_text() for thread in Path(f"/proc/{node.process.pid}/task").glob("*/comm")]
    if threads.count("lapin-io-loop\n") > 1:
        raise Wrong("tries while blocked leave connections behind")
    stage.broker.control("set_vm_memory_high_watermark", "0.4")
    took = node.emptied()
    rows = node.rows()
    again = compare(rows, queue.drain(len(rows)), node.site)
    print(f"  after it none waited within {took:.1f} s, {again} repeated")
    node.stop()
    queue.delete()


def elsewhere(stage):
    """A wrong password, a wrong virtual host, nobody there: people sign up all the same, and nothing is lost."""
    node, queue = stage.node(), Queue(stage.broker, "all")
    for name, url, says in [
        ("ann", stage.broker.url(password="hunter3"), "signing in"),
        ("bob", stage.broker.url(vhost="nowhere"), "the virtual host"),
        ("cleo", "amqp://127.0.0.1:1", "cannot be reached"),
    ]:
        node.settings["NIGHTLATCH_AMQP_URL"] = url
        node.start()
        node.sign_up(name)
        until(says, lambda: says in node.outage(), 10)
        print(f"  {node.outage()}")
        node.stop()
    if "hunter" in node.log.read_text():
        raise Wrong("the log holds a password")
    node.settings["NIGHTLATCH_AMQP_URL"] = stage.broker.url()
    node.start()
    node.emptied()
    compare(node.rows(), queue.drain(6), node.site)
    node.stop()
    queue.delete()


def faulty(stage):
    """What the broker never takes is parked, and holds nobody up."""
    node, queue = stage.node(), Queue(stage.broker, "all")
    node.start()
    node.sign_up("ann")
    queue.drain(2)
    for name, data in [("large", f'{{"reason":"{"x" * MAX_MESSAGE}"}}'), ("no-json", "no JSON")]:
        node.execute("INSERT INTO events (id, type, data, created_at, publish_after, publish_attempts) "
                     f"VALUES ('{name}', 'session.failed', '{data}', 1, 1, 0)")
    give_up, slowest = time.monotonic() + 60, 0
    while node.query("SELECT COUNT(*) AS n FROM events WHERE parked_at IS NOT NULL")[0]["n"] < 2:
        if time.monotonic() > give_up:
            raise Wrong(f"not parked in 60 s: {node.pending()}")
        node.sign_in("ann")
        since = time.monotonic()
        slowest = max(slowest, queue.drain(len(queue.read) + 1)[-1].at - since)
    bad = [row for row in node.rows() if row["parked_at"] is not None]
    for row in bad:
        print(f"  parked after {row['publish_attempts']} tries: {row['publish_error']}")
    if {delivery.id for delivery in queue.read} != {row["id"] for row in node.rows()} - {row["id"] for row in bad}:
        raise Wrong("the others did not all arrive")
    print(f"  meanwhile {len(queue.read)} others arrived, the slowest {slowest * 1000:.0f} ms after the answer")
    node.stop()
    queue.delete()


def encrypted(stage):
    """TLS, with a certificate that is made sure of."""
    queue, trust = Queue(stage.broker, "all"), {"SSL_CERT_FILE": str(stage.folder / "ca.pem")}
    own, other = ({"NIGHTLATCH_AMQP__CA_FILE": str(stage.folder / name)} for name in ("ca.pem", "other.pem"))
    for name, url, settings in [
        ("another name than the certificate's", stage.broker.tls_url("127.0.0.1"), trust),
        ("an authority that nobody knows", stage.broker.tls_url(), {}),
        ("one that this machine knows, and the setting does not name", stage.broker.tls_url(), trust | other),
        ("no TLS at that port", f"amqps://localhost:{stage.broker.port}", trust),
    ]:
        node = stage.node(url, **settings)
        node.start()
        node.sign_up("ann")
        until(name, lambda: "TLS" in node.outage(), 10)
        print(f"  {name}: {node.outage()}")
        node.stop()
    if queue.depth():
        raise Wrong("something was published without a certificate that is right")
    for name, settings in [("whom this machine trusts", trust), ("whom the setting names", own)]:
        node = stage.node(stage.broker.tls_url(), **settings)
        node.start()
        node.sign_up("ann")
        node.emptied()
        print(f"  the right one, by {name}: {len(queue.drain(2))} events arrived")
        compare(node.rows(), queue.read, node.site)
        queue.read.clear()
        node.stop()
    queue.delete()


def identified(stage):
    """A broker that asks for our certificate."""
    queue, own = Queue(stage.broker, "all"), {"NIGHTLATCH_AMQP__CA_FILE": str(stage.folder / "ca.pem")}
    ours = {f"NIGHTLATCH_AMQP__{kind.upper()}_FILE": str(stage.folder / f"{kind}.pem") for kind in ("cert", "key")}
    stage.broker.demand_certificates(True)
    stranger = stage.node(stage.broker.tls_url(), **own)
    stranger.start()
    stranger.sign_up("ann")
    until("without one", lambda: stranger.outage(), 10)
    print(f"  without one: {stranger.outage()}")
    stranger.stop()
    if queue.depth():
        raise Wrong("something was published without a certificate of ours")
    node = stage.node(stage.broker.tls_url(), **own, **ours)
    node.start()
    node.sign_up("ann")
    node.emptied()
    print(f"  with one: {len(queue.drain(2))} events arrived")
    compare(node.rows(), queue.read, node.site)
    node.stop()
    stage.broker.demand_certificates(False)
    queue.delete()


def least(stage):
    """A user that may write the one exchange, and may neither make it nor read anything."""
    control, vhost = stage.broker.control, ["-p", VHOST]
    queue = Queue(stage.broker, "all")
    control("add_user", "writer", "hunter2")
    control("set_permissions", *vhost, "writer", "^$", r"^nightlatch\.events$", "^$")
    node = stage.node(stage.broker.url(user="writer"))
    node.start()
    node.sign_up("ann")
    node.emptied()
    print(f"  {len(queue.drain(2))} events arrived by an exchange that was there")
    compare(node.rows(), queue.read, node.site)
    queue.forget_exchange()
    node.sign_up("bob")
    until("what it lacks is told", lambda: "exchange" in node.outage(), 20)
    print(f"  without it: {node.outage()}")
    node.stop()
    queue.delete()
    control("delete_user", "writer")


def takeover(stage):
    """Two nodes on one PostgreSQL: one publishes, and the other when it dies or stops."""
    queue, site = Queue(stage.broker, "all"), "http://localhost:8000"
    nodes = [stage.node(postgres=stage.postgres, NIGHTLATCH_PUBLIC_URL=site) for _ in range(2)]
    for node in nodes:
        node.start()
    names = [row["id"] for row in nodes[0].query("SELECT id FROM nodes ORDER BY started_at")]
    crowd = Crowd(nodes, ACTS // 4)
    crowd.came_to(ACTS // 8)
    holder = nodes[0].query("SELECT holder FROM leases")[0]["holder"]
    dead, alive = nodes if names[0] == holder else reversed(nodes)
    dead.kill()
    since, crowd.nodes = time.monotonic(), [alive]
    until("another holder", lambda: alive.query("SELECT holder FROM leases")[0]["holder"] != holder, 30)
    print(f"  the holder was killed: the other published {time.monotonic() - since:.1f} s later")
    crowd.wait()
    alive.emptied()
    dead.start()
    alive.stop()
    dead.sign_up("ann")
    print(f"  the holder stopped: the other published {dead.emptied():.2f} s after its next act")
    rows = dead.rows()
    again = compare(rows, queue.drain(len(rows), 30), site)
    print(f"  {len(rows)} events as in the table, {again} repeated")
    dead.stop()
    queue.delete()


def throughput(stage):
    """Many events at once."""
    count = 20_000
    for name, postgres in [("SQLite", None), ("PostgreSQL", stage.postgres)]:
        node, queue = stage.node(postgres=postgres), Queue(stage.broker, "all")
        node.start()
        node.kill()
        node.plant(count)
        node.start()
        rate = count / node.emptied(120)
        print(f"  {name}: {rate:.0f} events a second")
        if queue.depth() != count:
            raise Wrong(f"{queue.depth()} of {count} arrived")
        node.stop()
        queue.delete()


SCENES = [everything, repeated, latency, unroutable, refused, blocked, elsewhere, faulty, encrypted, identified, least, takeover, throughput]


def run(binary, away, names):
    began, played = time.monotonic(), [scene for scene in SCENES if not names or scene.__name__ in names]
    with tempfile.TemporaryDirectory(prefix="nightlatch-rabbitmq.") as folder:
        stage = Stage(binary, Path(folder), away)
        try:
            stage.broker.start()
            for scene in played:
                since = time.monotonic()
                print(f"{scene.__name__}: {scene.__doc__}", flush=True)
                scene(stage)
                print(f"  {time.monotonic() - since:.0f} s", flush=True)
        except BaseException:
            for log in sorted(Path(folder).glob("node*/log"))[-2:]:
                print(f"\n{log.parent.name}:\n{log.read_text()[-2000:]}", file=sys.stderr)
            print(f"\nthe broker:\n{stage.broker.said()[-2000:]}", file=sys.stderr)
            raise
        finally:
            stage.clear()
    print(f"{len(played)} scenes, no event lost or changed, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
