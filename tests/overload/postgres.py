"""A PostgreSQL that can be made to stand still."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path


class Postgres:
    """The one at `url`, and the databases in it that scenes use."""

    def __init__(self, url):
        self.url, self.databases = url, []

    def __enter__(self):
        # The first process of the server, which has to be on this machine.
        self.postmaster = int(self.ask(self.url, "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)"))
        return self

    def __exit__(self, *_):
        for name in self.databases:
            self.ask(self.url, f"DROP DATABASE {name} WITH (FORCE)")

    def schema(self):
        """A database of its own."""
        name = f"stuck{os.getpid()}_{len(self.databases)}"
        self.ask(self.url, f"CREATE DATABASE {name}")
        self.databases.append(name)
        return f"{self.url.rsplit('/', 1)[0]}/{name}"

    def ask(self, url, sql):
        said = subprocess.run(["psql", url, "-XAtqc", sql], check=True, capture_output=True, text=True)
        return said.stdout.strip()

    def connections(self, url, query=""):
        """How many there are to this database, but for who asks; of those, whose last statement is like this."""
        name = url.rsplit("/", 1)[1]
        return int(self.ask(self.url, "SELECT count(*) FROM pg_stat_activity WHERE application_name <> 'psql' "
                                      f"AND datname = '{name}' AND query ~ '{query}' AND (state <> 'idle' OR '{query}' = '')"))

    @contextlib.contextmanager
    def session(self, url):
        """One that goes on from statement to statement."""
        command = ["psql", url, "-XAtq", "-v", "ON_ERROR_STOP=1"]
        psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def run(sql):
            psql.stdin.write(f"{sql};\n\\echo done\n")
            psql.stdin.flush()
            if psql.stdout.readline() != "done\n":
                raise OSError(f"psql did not do: {sql}")

        try:
            yield run
        finally:
            psql.stdin.close()
            psql.wait()

    @contextlib.contextmanager
    def silence(self):
        """Every process of the server stands still; those that listen are connected to all the same."""
        everybody = []
        try:
            # The one first that would make others.
            self.stop(self.postmaster, everybody)
            for name in os.listdir("/proc"):
                if name.isdigit() and parent(name) == self.postmaster:
                    self.stop(int(name), everybody)
            yield
        finally:
            for process in reversed(everybody):
                os.kill(process, signal.SIGCONT)

    def stop(self, process, everybody):
        os.kill(process, signal.SIGSTOP)
        everybody.append(process)


def parent(process):
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])
