"""A RabbitMQ of one run's own: name, ports, cookie, data and epmd are its own, and all of it is gone when the run ends.

As a program, it serves until it is ended: broker.py FOLDER, which needs a certificate in cert.pem, key.pem and ca.pem, and gets
the port in broker.port when the broker is there.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

USER, PASSWORD, VHOST = "nightlatch", "hunter2", "events"
# Larger than any event, and small enough to be exceeded on purpose.
MAX_MESSAGE = 8192


class Broker:
    """The server, in a process group of its own."""

    def __init__(self, folder):
        self.folder, self.process, self.epmd, self.programs = Path(folder), None, None, programs()
        (self.folder / "home").mkdir(mode=0o700)
        # Below the ports that the system gives to outgoing connections.
        first = random.randrange(20000, 31000)
        self.port, self.tls_port, self.dist_port, self.epmd_port = range(first, first + 4)
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\n"
            f"ssl_options.cacertfile = {self.folder}/ca.pem\n"
            f"ssl_options.certfile = {self.folder}/cert.pem\n"
            f"ssl_options.keyfile = {self.folder}/key.pem\n"
            # Whoever shows a certificate shows one of this authority; `encrypted` demands one for a while.
            "ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = false\n"
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\ndefault_vhost = {VHOST}\n"
            f"max_message_size = {MAX_MESSAGE}\n"
            "disk_free_limit.absolute = 1MB\n"
        )
        (self.folder / "plugins").write_text("[].\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": f"nightlatch-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            # None: the machine's own would come before what stands here.
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "broker"),
            "RABBITMQ_LOG_BASE": str(self.folder / "broker.logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "broker.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def start(self):
        # Started here, or Erlang starts one that stays.
        if self.epmd is None:
            self.epmd = self.spawn("epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1")
        self.process = self.spawn(f"{self.programs}/rabbitmq-server")
        give_up = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < give_up:
            if self.answers():
                return
            time.sleep(0.1)
        raise SystemExit("tests/rabbitmq: RabbitMQ did not start; it said:\n" + self.said()[-3000:])

    def spawn(self, *command):
        with open(self.folder / "broker.log", "ab") as log:
            return subprocess.Popen(command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=log, start_new_session=True)

    def answers(self):
        """Whether it speaks AMQP: it listens when everything else is ready."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.settimeout(1)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def said(self):
        logs = [self.folder / "broker.log", *self.folder.glob("broker.logs/*.log")]
        return "".join(log.read_text(errors="replace") for log in logs)

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def kill(self):
        """As a power cut would: what was confirmed is on disk or lost."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        if self.epmd:
            self.epmd.kill()
            self.epmd.wait()

    def demand_certificates(self, demanded):
        """Whether a client without a certificate is turned away, from a new start on."""
        config = self.folder / "rabbitmq.conf"
        words = ["fail_if_no_peer_cert = false", "fail_if_no_peer_cert = true"]
        config.write_text(config.read_text().replace(words[not demanded], words[demanded]))
        self.kill()
        self.start()

    def control(self, *command):
        subprocess.run([f"{self.programs}/rabbitmqctl", "--quiet", *command], env=self.environment, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def url(self, password=PASSWORD, vhost=VHOST, user=USER):
        return f"amqp://{user}:{password}@127.0.0.1:{self.port}/{vhost}"

    def tls_url(self, host="localhost"):
        return f"amqps://{USER}:{PASSWORD}@{host}:{self.tls_port}/{VHOST}"


def programs():
    """Debian's wrappers run everything as another user, in a folder of its own; what they wrap does not."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"))
    if found:
        return found[-1]
    path = shutil.which("rabbitmq-server")
    if path is None:
        raise SystemExit("tests/rabbitmq: no rabbitmq-server found; install RabbitMQ 3.10 or newer (Debian: rabbitmq-server)")
    return Path(path).resolve().parent


if __name__ == "__main__":
    broker = Broker(sys.argv[1])
    # As an exception, so that what was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        broker.start()
        (broker.folder / "broker.port").write_text(str(broker.port))
        broker.process.wait()
    finally:
        broker.remove()
