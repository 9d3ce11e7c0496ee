"""What a consumer of the events sees, beside what the audit table has, while broker, server and queues fail in turn."""

import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

from broker import MAX_MESSAGE, VHOST, Broker, Queue

sys.path.insert(0, str(Path(__file__).parent.parent / "crash"))
from crash import PASSWORD, Client, Server, expect  # noqa: E402

ACTS = 1000
CLIENTS = 4
COLUMNS = ("id type user_id actor_id session_id ip user_agent data created_at "
           "publish_after sequence publish_attempts publish_error parked_at").split()


class Wrong(Exception):
    """The stream is not what it should be."""


class Node(Server):
    """A server with the broker set, on SQLite or on PostgreSQL."""

    def __init__(self, binary, folder, url, postgres=None, **settings):
        folder.mkdir()
        super().__init__(binary, folder)
        self.postgres = postgres
        self.settings["NIGHTLATCH_AMQP_URL"] = url
        if postgres:
            self.settings["NIGHTLATCH_DATABASE_URL"] = postgres
            self.settings["NIGHTLATCH_SECRET_KEY"] = "dGhpcyBpcyBhIHNlY3JldCBmb3IgdGVzdHMgb25seSwgMzI="
        self.settings.update(settings)

    def site(self):
        return self.settings.get("NIGHTLATCH_PUBLIC_URL", f"http://localhost:{self.port}")

    def query(self, sql):
        """Rows as dictionaries."""
        if self.postgres:
            said = subprocess.run(["psql", self.postgres, "-XAtqc", f"SELECT json_agg(r) FROM ({sql}) r"],
                                  check=True, capture_output=True, text=True).stdout
            return json.loads(said.strip() or "[]")
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(sql)]
        database.close()
        return rows

    def execute(self, sql, values=()):
        database = sqlite3.connect(self.database, timeout=10)
        database.execute(sql, values)
        database.commit()
        database.close()

    def rows(self):
        return self.query(f"SELECT {', '.join(COLUMNS)} FROM events ORDER BY id")

    def pending(self):
        return [row for row in self.rows() if row["publish_after"] is not None]

    def error(self):
        return self.query("SELECT error FROM outbox")[0]["error"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Stage:
    """The broker, and a folder for everything."""

    def __init__(self, binary, folder, outage):
        self.binary, self.folder, self.outage, self.nodes = binary, folder, outage, []
        self.postgres = os.environ["TEST_DATABASE_URL"]
        certify(folder)
        self.broker = Broker(folder, folder)

    def node(self, url=None, postgres=None, **settings):
        folder = self.folder / f"node{len(self.nodes) + 1}"
        self.nodes.append(Node(self.binary, folder, url or self.broker.url(), postgres, **settings))
        return self.nodes[-1]

    def clear(self):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.kill()
        self.broker.remove()


def certify(folder):
    """An authority that lives as long as this run, and its certificate for localhost."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    (folder / "names").write_text("subjectAltName = DNS:localhost\n")
    for command in [
        ["req", "-x509", *curve, "-days", "1", "-subj", "/CN=Nightlatch test authority", "-keyout", "ca.key", "-out", "ca.pem"],
        ["req", *curve, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem"],
        ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "1", "-out", "cert.pem",
         "-extfile", "names"],
    ]:
        subprocess.run(["openssl", *command], cwd=folder, check=True, stderr=subprocess.DEVNULL)


class Crowd:
    """People who act until so much was answered, whatever the server does meanwhile."""

    def __init__(self, servers, acts):
        self.servers, self.acts, self.done, self.pause = servers, acts, 0, 0.0
        self.lock, self.faults = threading.Lock(), []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def wait(self, seconds=300):
        for thread in self.threads:
            thread.join(seconds)
        if self.faults:
            raise self.faults[0]

    def run(self, number):
        try:
            life = 0
            while self.done < self.acts:
                life += 1
                for act in self.person(f"p{number}-{life}@example.com"):
                    self.insist(act)
                    time.sleep(self.pause)
                    if self.done >= self.acts:
                        return
        except Exception as fault:
            self.faults.append(fault)

    def insist(self, act):
        """Does it on some server; where the answer does not come, whether it was done is for the table to say."""
        server = random.choice(self.servers)
        try:
            act(client_of(server))
        except (OSError, json.JSONDecodeError, __import__("http.client").client.HTTPException):
            time.sleep(0.05)
            return
        with self.lock:
            self.done += 1

    def person(self, email):
        """One life: signs up, fails to sign in, gets tokens and refreshes them, signs out."""
        kept = {"cookie": None, "refresh": None}
        login = {"email": email, "password": PASSWORD}

        def up(client):
            kept["cookie"] = answered(client.post("/api/auth/signup", login))[1]

        def fail(client):
            answered(client.post("/api/auth/signin", {"email": email, "password": "not the right one at all"}))

        def tokens(client):
            kept["refresh"] = answered(client.post("/api/auth/token", login))[0].get("refresh_token")

        def refresh(client):
            if kept["refresh"]:
                body = answered(client.post("/api/auth/token/refresh", {"refresh_token": kept["refresh"]}))[0]
                kept["refresh"] = body.get("refresh_token")

        def out(client):
            answered(client.post("/api/auth/logout", cookie=kept["cookie"]))

        return [up, fail, tokens, *[refresh] * random.randrange(10, 30), out]


def client_of(server):
    """A cookie is called by the port of the public URL, which may be another's."""
    client = Client(server)
    client.cookie = f"nightlatch-{server.site().rsplit(':', 1)[1]}"
    return client


def answered(answer):
    """A server at its limits may say so; a fault of its own is a fault of this run."""
    status, body, cookie = answer
    if status == 500:
        raise Wrong(f"the server answered 500: {body}")
    return body or {}, cookie


def as_event(row, site):
    """What a row of the audit table is to be in the stream."""
    millis = row["created_at"]
    moment = datetime.fromtimestamp(millis // 1000, timezone.utc)
    event = {
        "specversion": "1.0", "id": row["id"], "source": site, "type": row["type"],
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03}Z", "sequence": f"{row['sequence']:019}",
        "datacontenttype": "application/json",
        "data": json.loads(row["data"]) | {name: row[name] for name in ["actor_id", "session_id", "ip", "user_agent"]},
    }
    return event | ({"subject": row["user_id"]} if row["user_id"] else {})


def compare(rows, deliveries, sites):
    """Every row once or more, field by field, and nothing else; gives how many deliveries were repetitions."""
    first = {}
    for delivery in deliveries:
        if first.setdefault(delivery.id, delivery).body != delivery.body:
            raise Wrong(f"two deliveries of {delivery.id} differ: {first[delivery.id].body} and {delivery.body}")
        properties = delivery.properties
        if (properties.content_type, properties.delivery_mode, delivery.key) != (
                "application/cloudevents+json", 2, delivery.event["type"]):
            raise Wrong(f"{delivery.key} came with {properties}")
    missing = [row["id"] for row in rows if row["id"] not in first]
    if missing or len(first) != len(rows):
        raise Wrong(f"{len(missing)} of {len(rows)} events are missing, and {len(first)} are there; the first: {missing[:1]}")
    for row in rows:
        seen = first[row["id"]].event
        if not any(seen == as_event(row, site) for site in sites):
            raise Wrong(f"the table has {as_event(row, sites[0])}, the stream {seen}")
        if row["publish_after"] is not None or row["parked_at"] is not None:
            raise Wrong(f"{row['id']} is published and still waits")
    if sorted(row["sequence"] for row in rows) != list(range(1, len(rows) + 1)):
        raise Wrong("the sequence has gaps")
    return len(deliveries) - len(rows)


def until(what, test, seconds):
    """Waits for it; gives for how long."""
    began = time.monotonic()
    while not test():
        if time.monotonic() - began > seconds:
            raise Wrong(f"{what}: not in {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - began


def sign_in(server, email):
    began = time.monotonic()
    expect(200, Client(server).post("/api/auth/signin", {"email": email, "password": PASSWORD}))
    return (time.monotonic() - began) * 1000


def sign_up(server, email):
    expect(201, Client(server).post("/api/auth/signup", {"email": email, "password": PASSWORD}))


def everything(stage):
    """A thousand acts, the broker gone in the middle, the server killed again and again."""
    node, queue, kills = stage.node(), Queue(stage.broker, "all"), 0
    node.start()
    crowd = Crowd([node], ACTS)
    crowd.start()
    until("the first acts", lambda: crowd.done > ACTS // 4 or crowd.faults, 300)
    stage.broker.kill()
    # What is left but a quarter, over the time that the broker is away.
    crowd.pause = stage.outage * CLIENTS / (ACTS // 2)
    back = time.monotonic() + stage.outage
    while time.monotonic() < back:
        time.sleep(random.uniform(0.5, 2))
        node.kill()
        kills += 1
        node.start()
    waiting = node.pending()
    oldest = time.time() - min(row["created_at"] for row in waiting) / 1000
    print(f"  the broker was away for {stage.outage} s: {len(waiting)} events wait, the oldest for {oldest:.0f} s; {node.error()}")
    crowd.pause = 0
    stage.broker.start()
    while any(thread.is_alive() for thread in crowd.threads):
        time.sleep(random.uniform(0.2, 1))
        node.kill()
        kills += 1
        node.start()
    crowd.wait()
    took = until("nothing waits", lambda: not node.pending(), 90)
    rows = node.rows()
    repeated = compare(rows, queue.drain(len(rows), 30), [node.site()])
    kinds = len({row["type"] for row in rows})
    print(f"  {crowd.done} acts, {kills} kills: {len(rows)} events of {kinds} types, each as the table has it, {repeated} repeated; "
          f"nothing waited {took:.1f} s after the last act")
    node.stop()
    queue.delete()


def latency(stage):
    """How soon an event arrives, and what a sign-in takes while the broker works, hangs and is gone."""
    node, queue = stage.node(), Queue(stage.broker, "all")
    node.start()
    sign_up(node, "ann@example.com")
    queue.drain(2, 10)
    delays = []
    for number in range(20):
        sign_in(node, "ann@example.com")
        answered_at, before = time.monotonic(), len(queue.read)
        delays.append((queue.drain(before + 1, 10)[-1].at - answered_at) * 1000)
    print(f"  an event arrives {statistics.median(delays):.0f} ms after the answer (median of 20; the slowest {max(delays):.0f} ms)")
    works = statistics.median(sign_in(node, "ann@example.com") for _ in range(30))
    stage.broker.signal(signal.SIGSTOP)
    hangs = [sign_in(node, "ann@example.com") for _ in range(30)]
    # Longer than a batch is waited for: connecting hangs too by now.
    time.sleep(6)
    hangs += [sign_in(node, "ann@example.com") for _ in range(30)]
    count = len(node.pending())
    stage.broker.signal(signal.SIGCONT)
    print(f"  a sign-in takes {works:.0f} ms, while the broker hangs {statistics.median(hangs):.0f} ms "
          f"(the slowest of 60: {max(hangs):.0f} ms); {count} events waited")
    if statistics.median(hangs) > 2 * works + 20:
        raise Wrong("a sign-in is slower while the broker hangs")
    until("nothing waits", lambda: not node.pending(), 60)
    compare(node.rows(), queue.drain(len(node.rows()), 10), [node.site()])
    node.stop()
    queue.delete()


def unroutable(stage):
    """Nobody takes the events, then somebody takes some of them, then all."""
    node = stage.node()
    node.start()
    sign_up(node, "ann@example.com")
    until("the return is told", lambda: any("NO_ROUTE" in (row["publish_error"] or "") for row in node.pending()), 10)
    print(f"  no queue: {node.pending()[0]['publish_error']}")
    some = Queue(stage.broker, "some", "session.*")
    for _ in range(20):
        sign_in(node, "ann@example.com")
    # Sent in one batch with one that comes back: of those that a queue takes none waits, and the other is not taken for delivered.
    until("those that a queue takes have left", lambda: {row["type"] for row in node.pending()} == {"user.created"}, 30)
    whole = [row for row in node.rows() if row["type"] == "session.started"]
    if {delivery.id for delivery in some.drain(len(whole), 10)} != {row["id"] for row in whole}:
        raise Wrong("the queue for sessions has not every session")
    waiting = node.pending()
    rest = Queue(stage.broker, "rest", "user.*")
    took = until("the rest has left", lambda: not node.pending(), 60)
    print(f"  {len(whole)} events of another type passed; the one left after {waiting[0]['publish_attempts']} tries left "
          f"{took:.1f} s after a queue was bound")
    compare(node.rows(), some.read + rest.drain(1, 10), [node.site()])
    node.stop()
    some.delete()
    rest.delete()


def refused(stage):
    """A queue that is full refuses (basic.nack)."""
    node, queue = stage.node(), Queue(stage.broker, "full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    node.start()
    for name in ["ann", "bob", "cleo", "dan"]:
        sign_up(node, f"{name}@example.com")
    until("the nack is told", lambda: any("basic.nack" in (row["publish_error"] or "") for row in node.pending()), 10)
    print(f"  a full queue: {node.pending()[-1]['publish_error']}")
    rows = len(node.rows())
    while len({delivery.id for delivery in queue.drain(0, 1)}) < rows:
        time.sleep(0.2)
    until("nothing waits", lambda: not node.pending(), 30)
    repeated = compare(node.rows(), queue.read, [node.site()])
    print(f"  {rows} events through a queue for one, {repeated} repeated")
    node.stop()
    queue.delete()


def blocked(stage):
    """A broker that is short of memory stops reading."""
    node, queue = stage.node(), Queue(stage.broker, "all")
    node.start()
    sign_up(node, "ann@example.com")
    queue.drain(2, 10)
    stage.broker.control("set_vm_memory_high_watermark", "0")
    try:
        times = [sign_in(node, "ann@example.com") for _ in range(20)]
        until("the block is told", lambda: "memory" in (node.error() or ""), 30)
        threads = len(list(Path(f"/proc/{node.process.pid}/task").iterdir()))
        time.sleep(4)
        more = len(list(Path(f"/proc/{node.process.pid}/task").iterdir())) - threads
        print(f"  {node.error()}; a sign-in takes {statistics.median(times):.0f} ms")
        if more > 2:
            raise Wrong(f"each try while blocked leaves a thread behind: {more} more")
    finally:
        stage.broker.control("set_vm_memory_high_watermark", "0.4")
    took = until("nothing waits", lambda: not node.pending(), 60)
    rows = node.rows()
    print(f"  nothing waited {took:.1f} s after the block; {compare(rows, queue.drain(len(rows), 10), [node.site()])} repeated")
    node.stop()
    queue.delete()


def elsewhere(stage):
    """A wrong password, a wrong virtual host, nobody there: everything else works, and nothing is lost."""
    queue = Queue(stage.broker, "all")
    node = stage.node()
    for url, says in [
        (stage.broker.url(password="hunter3"), "signing in"),
        (stage.broker.url(vhost="nowhere"), "virtual host"),
        ("amqp://127.0.0.1:1", "cannot be reached"),
    ]:
        node.settings["NIGHTLATCH_AMQP_URL"] = url
        node.start()
        sign_up(node, f"ann{says.replace(' ', '')}@example.com")
        until("the outage is told", lambda: says in (node.error() or ""), 10)
        print(f"  {node.error()}")
        if "hunter" in node.error() + node.log.read_text():
            raise Wrong("a password is told")
        node.stop()
    node.settings["NIGHTLATCH_AMQP_URL"] = stage.broker.url()
    node.start()
    until("nothing waits", lambda: not node.pending(), 60)
    compare(node.rows(), queue.drain(len(node.rows()), 10), [node.site()])
    node.stop()
    queue.delete()


def faulty(stage):
    """A row that the broker never takes is parked, and holds nobody up."""
    node, queue = stage.node(), Queue(stage.broker, "all")
    node.start()
    sign_up(node, "ann@example.com")
    queue.drain(2, 10)
    large, no_json = "f" * 32, "e" * 32
    row = "INSERT INTO events (id, type, data, created_at, publish_after) VALUES (?, 'session.failed', ?, 1, 1)"
    node.execute(row, (large, json.dumps({"reason": "x" * MAX_MESSAGE})))
    node.execute(row, (no_json, "no JSON"))
    began, slowest = time.monotonic(), 0
    while sum(row["parked_at"] is not None for row in node.rows()) < 2:
        if time.monotonic() - began > 60:
            raise Wrong(f"no row was parked in 60 s: {node.pending()}")
        before = len(queue.read)
        sign_in(node, "ann@example.com")
        since = time.monotonic()
        slowest = max(slowest, queue.drain(before + 1, 10)[-1].at - since)
    for row in node.rows():
        if row["parked_at"] is not None:
            print(f"  parked after {row['publish_attempts']} tries: {row['publish_error']}")
    good = [row for row in node.rows() if row["id"] not in (large, no_json)]
    if {delivery.id for delivery in queue.drain(len(good), 10)} != {row["id"] for row in good}:
        raise Wrong("the other events did not all arrive")
    print(f"  meanwhile {len(good)} others arrived, the slowest {slowest * 1000:.0f} ms after the answer")
    node.stop()
    queue.delete()


def encrypted(stage):
    """TLS with a certificate that is made sure of."""
    queue, trust = Queue(stage.broker, "all"), {"SSL_CERT_FILE": str(stage.folder / "ca.pem")}
    for name, url, settings in [
        ("another name than the certificate's", stage.broker.tls_url("127.0.0.1"), trust),
        ("an authority that nobody knows", stage.broker.tls_url(), {}),
        ("no TLS at that port", f"amqps://127.0.0.1:{stage.broker.port}", trust),
    ]:
        node = stage.node(url, **settings)
        node.start()
        sign_up(node, "ann@example.com")
        until(name, lambda: "TLS" in (node.error() or ""), 10)
        print(f"  {name}: {node.error()}")
        node.stop()
    if queue.depth():
        raise Wrong("something was published without a certificate that is right")
    node = stage.node(stage.broker.tls_url(), **trust)
    node.start()
    sign_up(node, "ann@example.com")
    arrived = queue.drain(2, 10)
    until("nothing waits", lambda: not node.pending(), 10)
    compare(node.rows(), arrived, [node.site()])
    print("  with the right one: 2 events arrived")
    node.stop()
    queue.delete()


def takeover(stage):
    """Two nodes on one PostgreSQL: one publishes at a time, and the other when it dies or stops."""
    queue = Queue(stage.broker, "all")
    site = "http://localhost:8000"
    nodes = [stage.node(postgres=stage.postgres, NIGHTLATCH_PUBLIC_URL=site) for _ in range(2)]
    for node in nodes:
        node.start()
    names = [row["id"] for row in nodes[0].query("SELECT id FROM nodes ORDER BY started_at")]
    crowd = Crowd(nodes, ACTS // 4)
    crowd.start()
    until("half of the acts", lambda: crowd.done > ACTS // 8 or crowd.faults, 300)
    holder = nodes[0].query("SELECT holder FROM leases")[0]["holder"]
    dead, alive = (nodes if names[0] == holder else reversed(nodes))
    dead.kill()
    killed, crowd.servers = time.monotonic(), [alive]
    until("another holder", lambda: alive.query("SELECT holder FROM leases")[0]["holder"] in set(names) - {holder}, 30)
    print(f"  the holder was killed: the other node had the lease {time.monotonic() - killed:.1f} s later")
    crowd.wait()
    until("nothing waits", lambda: not alive.pending(), 60)
    dead.start()
    sign_up(alive, "ann@example.com")
    until("nothing waits", lambda: not alive.pending(), 60)
    alive.stop()
    sign_in(dead, "ann@example.com")
    took = until("nothing waits", lambda: not dead.pending(), 60)
    rows = dead.rows()
    repeated = compare(rows, queue.drain(len(rows), 30), [site])
    print(f"  the holder stopped: the other published {took:.2f} s after its next act")
    print(f"  {len(rows)} events in all, each as the table has it, {repeated} repeated")
    dead.stop()
    queue.delete()


def throughput(stage):
    """Many events at once."""
    count = 20000
    for name, postgres in [("SQLite", None), ("PostgreSQL", stage.postgres)]:
        node, queue = stage.node(postgres=postgres), Queue(stage.broker, "all")
        node.start()
        node.kill()
        before = len(node.rows())
        sql = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0}) "
               "INSERT INTO events (id, type, user_id, data, created_at, publish_after) "
               "SELECT 'a' || i, 'session.started', 'ann', '{{}}', i, i FROM n").format(count)
        if postgres:
            subprocess.run(["psql", postgres, "-Xqc", sql], check=True)
        else:
            node.execute(sql)
        node.start()
        began = time.monotonic()
        until("nothing waits", lambda: not node.query("SELECT 1 FROM events WHERE publish_after IS NOT NULL LIMIT 1"), 120)
        rate = count / (time.monotonic() - began)
        print(f"  {name}: {rate:.0f} events a second; {queue.depth() - count} repeated, {before} there before")
        node.kill()
        queue.delete()


SCENES = [everything, latency, unroutable, refused, blocked, elsewhere, faulty, encrypted, takeover, throughput]


def run(binary, outage, names):
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nightlatch-rabbitmq.") as folder:
        stage = Stage(binary, Path(folder), outage)
        try:
            stage.broker.start()
            for scene in SCENES:
                if names and scene.__name__ not in names:
                    continue
                since = time.monotonic()
                print(f"{scene.__name__}: {scene.__doc__.splitlines()[0]}", flush=True)
                scene(stage)
                print(f"  {time.monotonic() - since:.0f} s", flush=True)
        except Exception:
            for log in sorted(Path(folder).glob("node*/log"))[-2:]:
                print(f"\n{log.parent.name}:\n{log.read_text()[-2000:]}", file=sys.stderr)
            print(f"\nRabbitMQ:\n{stage.broker.log()[-1500:]}", file=sys.stderr)
            raise
        finally:
            stage.clear()
    print(f"{len(names or SCENES)} scenes, every event in the stream as in the table, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
