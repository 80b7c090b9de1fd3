"""A PostgreSQL cluster of the tests' own, at 127.0.0.1."""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg2

from tests.support import free_port
from tests.support.migrated import upgrade

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def find_binaries():
    """The directory with initdb and pg_ctl (the newest release's), or None."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(debian, key=lambda path: float(path.parts[-3]), default=shutil.which("initdb"))
    return newest and Path(newest).resolve().parent


class Postgres:
    """`with Postgres(binaries) as postgres: url = postgres.fresh_database()`

    `home`: an empty directory that its user can reach; one of its own by default. `options`: more
    for the server's command line. `also_at`: another address, whose network is let in.
    """

    def __init__(self, binaries, home=None, options="", also_at=None):
        self.binaries = binaries
        self.home, self.options = home, options
        self.addresses = ",".join(filter(None, ("127.0.0.1", also_at)))
        self.port = free_port()
        self.numbers, self.template = count(1), None
        # PostgreSQL refuses to run as root. Not under pytest's tmp_path: that is root's alone.
        self.as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        if os.geteuid() != 0:
            self.as_user = {}

    def __enter__(self):
        self.home = self.home or Path(tempfile.mkdtemp(prefix="parlor-postgres-"))
        if self.as_user:
            shutil.chown(self.home, "postgres", "postgres")
        self.data = str(self.home / "data")
        self.initialize()
        self.start()
        return self

    def initialize(self):
        self.run("initdb", "-D", self.data, "-U", "parlor", "-A", "trust", "-E", "UTF8", "-N")
        if "," in self.addresses:
            with open(f"{self.data}/pg_hba.conf", "a") as rules:
                rules.write("host all all samenet trust\n")

    def __exit__(self, *_):
        self.stop()
        # Not waited for: a database is 300 files, and there is one for each test.
        subprocess.run(["sh", "-c", 'rm -rf "$1" &', "sh", self.home], check=True)

    def start(self):
        at = f"-p {self.port} -c listen_addresses={self.addresses} -c unix_socket_directories="
        log = str(self.home / "log")
        options = f"{at} {FAST} {self.options}"
        self.run("pg_ctl", "-D", self.data, "-l", log, "-o", options, "-s", "-w", "start")

    def log(self):
        """All it has said so far."""
        return (self.home / "log").read_text()

    def stop(self, mode="immediate"):
        """Stop at once, as in a crash, or `fast`; `start` brings the same data back."""
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-s", "-w", "stop")

    @contextmanager
    def frozen(self):
        """Meanwhile none of its processes does anything, as on a machine that hangs."""
        head = int((Path(self.data) / "postmaster.pid").read_text().split()[0])
        os.kill(head, signal.SIGSTOP)  # from here on there are no new ones
        children = Path(f"/proc/{head}/task/{head}/children").read_text().split()
        processes = [head, *map(int, children)]
        try:
            tell(processes, signal.SIGSTOP)
            yield
        finally:
            tell(processes, signal.SIGCONT)

    def run(self, program, *arguments):
        command = [self.binaries / program, *arguments]
        done = subprocess.run(
            command,
            cwd=self.home,
            **self.as_user,
            timeout=30,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else None,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, done.stdout

    def fresh_database(self):
        """Make a database that has its tables, and nothing in them; return its URL."""
        if not self.template:
            self.template = "parlor_tables"
            upgrade(self.create(self.template, "template1"))
        return self.create(f"parlor{next(self.numbers)}", self.template)

    def create(self, name, template):
        server = f"postgresql://parlor@127.0.0.1:{self.port}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"{server}/{name}"

    def say(self, statement):
        server = f"postgresql://parlor@127.0.0.1:{self.port}"
        with closing(psycopg2.connect(f"{server}/postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)


def tell(processes, what):
    """Send a signal to processes, some of which may just have ended."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, what)


class Copy(Postgres):
    """A copy of `primary` that follows it: `with Copy(primary) as copy: copy.url_of(url)`."""

    def __init__(self, primary, options=""):
        super().__init__(primary.binaries, options=options)
        self.primary = primary

    def initialize(self):
        where = ["-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "parlor"]
        self.run("pg_basebackup", *where, "-D", self.data, "-R", "-X", "stream", "-c", "fast")

    def url_of(self, url):
        """The address here of a database that is there at `url`."""
        return url.replace(f":{self.primary.port}/", f":{self.port}/")

    @contextmanager
    def paused(self):
        """Meanwhile it takes in nothing new."""
        self.say("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.say("SELECT pg_wal_replay_resume()")

    @contextmanager
    def stopped(self):
        self.stop()
        try:
            yield
        finally:
            self.start()
