"""A PgBouncer of the tests' own, in transaction mode, in front of a test Postgres."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import ROOT, free_port

INI = """
[databases]
* = host=127.0.0.1 port={postgres}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {home}/users.txt
admin_users = parlor
pidfile = {home}/pid
logfile = {home}/log

pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 400
query_wait_timeout = 5
server_login_retry = 1
"""

QUICK = 10
"""Seconds within which it listens, or is gone."""


def find_pgbouncer():
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


class PgBouncer:
    """`with PgBouncer(program, postgres) as bouncer: url = bouncer.fresh_database()`

    `servers`: how many connections to Postgres it keeps, however many clients there are.
    """

    def __init__(self, program, postgres, servers=4):
        self.program, self.postgres, self.servers = program, postgres, servers
        self.port = free_port()
        self.process = None

    def __enter__(self):
        self.home = Path(tempfile.mkdtemp(prefix="parlor-pgbouncer-"))
        self.write()
        for path in (self.home, *self.home.iterdir()):
            if self.postgres.as_user:  # it refuses root, too
                shutil.chown(path, "postgres", "postgres")
        self.start()
        return self

    def write(self):
        """Put its files into `home`."""
        facts = {"port": self.port, "home": self.home, "servers": self.servers}
        ini = INI.format(postgres=self.postgres.port, **facts)
        (self.home / "pgbouncer.ini").write_text(ini)
        (self.home / "users.txt").write_text('"parlor" ""\n')

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def fresh_database(self):
        """Make a database that has its tables; return its URL, which leads through here."""
        url = self.postgres.fresh_database()
        return urlsplit(url)._replace(netloc=f"parlor@127.0.0.1:{self.port}").geturl()

    def start(self):
        command = [self.program, "-q", self.home / "pgbouncer.ini"]
        as_user = self.postgres.as_user
        self.process = subprocess.Popen(command, cwd=self.home, stdin=subprocess.DEVNULL, **as_user)
        deadline = time.monotonic() + QUICK
        while not self.listens():
            assert time.monotonic() < deadline, (self.home / "log").read_text()
            time.sleep(0.02)

    def listens(self):
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        """At once: whoever is connected is cut off."""
        self.process.terminate()
        self.process.wait(QUICK)

    @contextmanager
    def frozen(self):
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


PASSWORD = "lamp"
"""Of whom deploy/'s lets in."""

PLACES = {
    "host=postgres port=5432 dbname=parlor": "host=127.0.0.1 port={postgres} dbname={database}",
    "listen_addr = *": "listen_addr = 127.0.0.1",
    "listen_port = 6432": "listen_port = {port}",
    "/etc/pgbouncer/": "{home}/",
}


class DeployedPgBouncer(PgBouncer):
    """With deploy/pgbouncer.ini, at other places: it leads to one database, by `url`."""

    def write(self):
        database = self.postgres.fresh_database().rpartition("/")[2]
        facts = {"port": self.port, "home": self.home, "postgres": self.postgres.port}
        text = (ROOT / "deploy/pgbouncer.ini").read_text()
        for old, new in PLACES.items():
            assert old in text, old
            text = text.replace(old, new.format(database=database, **facts))
        (self.home / "pgbouncer.ini").write_text(text)
        (self.home / "userlist.txt").write_text(f'"parlor" "{PASSWORD}"\n')

    @property
    def url(self):
        return f"postgresql://parlor:{PASSWORD}@127.0.0.1:{self.port}/parlor"
