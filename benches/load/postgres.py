"""The cluster that scripts/postgres made: databases in it, its CPU seconds, and what makes it as durable as a real one."""

import subprocess
from pathlib import Path

from program import below, cpu


class Cluster:
    """The one of `url`, whose role may do everything."""

    def __init__(self, url):
        self.url = url
        self.main = int(self.ask("SELECT pg_read_file('postmaster.pid')").split()[0])

    def ask(self, sql):
        command = ["psql", "--no-psqlrc", "-AtqX", "--set=ON_ERROR_STOP=1", "-c", sql, self.url]
        return subprocess.run(command, text=True, check=True, capture_output=True).stdout.strip()

    def be_durable(self):
        """A cluster for tests loses what it committed when the power fails; a commit that waits for the disk costs more."""
        for setting in ["fsync", "full_page_writes", "synchronous_commit"]:
            self.ask(f"ALTER SYSTEM SET {setting} = on")
        self.ask("SELECT pg_reload_conf()")
        if self.ask("SHOW fsync") != "on":
            raise RuntimeError("PostgreSQL did not take fsync = on")

    def database(self, name):
        """The URL of a new one."""
        self.ask(f"CREATE DATABASE {name}")
        return f"{self.url.rsplit('/', 1)[0]}/{name}"

    def drop(self, url):
        """Gives its space back."""
        self.ask(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)")

    def cpu(self):
        return cpu([self.main, *below(self.main)])
