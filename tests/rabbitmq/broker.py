"""A RabbitMQ of this run's own: its name, ports, cookie, data and epmd are its own, and all of it is gone when the run ends."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pika

EXCHANGE = "nightlatch.events"
USER, PASSWORD, VHOST = "nightlatch", "hunter2", "events"
# Larger than any event, and small enough to be exceeded on purpose.
MAX_MESSAGE = 8192


class Broker:
    """The server, in a process group of its own."""

    def __init__(self, folder, authority):
        self.folder, self.process, self.epmd = Path(folder), None, None
        self.programs = programs()
        (self.folder / "home").mkdir(mode=0o700)
        # Below the ports that the system gives to outgoing connections; a few in a row for one server.
        first = random.randrange(20000, 31000)
        self.port, self.tls_port, self.dist_port, self.epmd_port = range(first, first + 4)
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\n"
            f"ssl_options.cacertfile = {authority}/ca.pem\n"
            f"ssl_options.certfile = {authority}/cert.pem\n"
            f"ssl_options.keyfile = {authority}/key.pem\n"
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\ndefault_vhost = {VHOST}\n"
            f"max_message_size = {MAX_MESSAGE}\n"
            "disk_free_limit.absolute = 1MB\nlog.file.level = info\n"
        )
        (self.folder / "enabled_plugins").write_text("[].\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": f"nightlatch-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-such-file"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "LANG": "C.UTF-8",
        }

    def start(self):
        if self.epmd is None:
            self.epmd = self.run_beside("epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1")
        self.process = self.run_beside(f"{self.programs}/rabbitmq-server")
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            if self.process.poll() is not None:
                break
            try:
                self.connect().close()
                return
            except (pika.exceptions.AMQPError, OSError):
                time.sleep(0.1)
        raise RuntimeError("RabbitMQ did not start; its log ends with:\n" + self.log()[-3000:])

    def run_beside(self, *command):
        with open(self.folder / "said", "ab") as said:
            return subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )

    def log(self):
        return "".join(path.read_text(errors="replace") for path in [self.folder / "said", *self.folder.glob("log/*.log")])

    def kill(self):
        """As a power cut would: what was confirmed is on disk or lost."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def remove(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()
        if self.epmd:
            self.epmd.kill()
            self.epmd.wait()

    def control(self, *command):
        subprocess.run([f"{self.programs}/rabbitmqctl", "--quiet", *command], env=self.environment, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def url(self, password=PASSWORD, vhost=VHOST):
        return f"amqp://{USER}:{password}@127.0.0.1:{self.port}/{vhost}"

    def tls_url(self, host="localhost"):
        return f"amqps://{USER}:{PASSWORD}@{host}:{self.tls_port}/{VHOST}"

    def connect(self):
        login = pika.PlainCredentials(USER, PASSWORD)
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, VHOST, login))


class Queue:
    """A durable queue of this name, bound to the exchange of events, and what was read from it."""

    def __init__(self, broker, name, key="#", arguments=None):
        self.broker, self.name, self.read = broker, name, []
        connection = broker.connect()
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        channel.queue_declare(name, durable=True, arguments=arguments)
        channel.queue_bind(name, EXCHANGE, key)
        connection.close()

    def drain(self, wanted, seconds):
        """Reads until `wanted` different events are there, and whatever else lies in the queue; gives every delivery."""
        connection = self.broker.connect()
        channel = connection.channel()
        ids = {delivery.id for delivery in self.read}
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            method, properties, body = channel.basic_get(self.name)
            if method is None:
                if len(ids) >= wanted:
                    break
                connection.sleep(0.02)
                continue
            self.read.append(Delivery(method, properties, body))
            ids.add(properties.message_id)
            channel.basic_ack(method.delivery_tag)
        connection.close()
        return self.read

    def depth(self):
        connection = self.broker.connect()
        count = connection.channel().queue_declare(self.name, passive=True).method.message_count
        connection.close()
        return count

    def delete(self):
        connection = self.broker.connect()
        connection.channel().queue_delete(self.name)
        connection.close()


class Delivery:
    """One delivery, as a consumer has it."""

    def __init__(self, method, properties, body):
        self.key, self.properties, self.body = method.routing_key, properties, body
        self.id, self.event = properties.message_id, json.loads(body)
        self.at = time.monotonic()


def programs():
    """Debian's wrapper runs everything as another user in a folder of its own; what it wraps does not."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"))
    if found:
        return found[-1]
    path = shutil.which("rabbitmq-server")
    if path is None:
        raise SystemExit("tests/rabbitmq: no rabbitmq-server found; install RabbitMQ 3.10 or newer (Debian: rabbitmq-server)")
    return Path(path).parent
