"""deploy/pgbouncer.ini, on the real PgBouncer."""

import shutil
import subprocess
from contextlib import closing

import psycopg2
import pytest

from tests.support import ROOT, missing
from tests.support.pgbouncer import PgBouncer, find_pgbouncer
from tests.support.postgres import find_binaries

PLACES = {
    "host=postgres port=5432 dbname=parlor": "host=127.0.0.1 port={postgres} dbname=parlor",
    "listen_addr = *": "listen_addr = 127.0.0.1",
    "listen_port = 6432": "listen_port = {port}",
    "/etc/pgbouncer/": "{home}/",
}


class Deployed(PgBouncer):
    """With the file of deploy/, at other addresses."""

    def write(self):
        text = (ROOT / "deploy/pgbouncer.ini").read_text()
        facts = {"port": self.port, "home": self.home, "postgres": self.postgres.port}
        for old, new in PLACES.items():
            assert old in text, old
            text = text.replace(old, new.format(**facts))
        (self.home / "pgbouncer.ini").write_text(text)
        (self.home / "userlist.txt").write_text('"parlor" "a lamp"\n')

    def url(self, password):
        return f"postgresql://parlor:{password}@127.0.0.1:{self.port}/parlor"


@pytest.fixture(scope="module")
def bouncer(postgres):
    program = find_pgbouncer() or missing("PgBouncer")
    postgres.create("parlor", "template1")
    with Deployed(program, postgres) as bouncer:
        yield bouncer


def test_who_knows_the_password_gets_in(bouncer):
    with closing(psycopg2.connect(bouncer.url("a%20lamp"))) as line, line.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("parlor",)
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        psycopg2.connect(bouncer.url("a%20chair"))


def test_a_connection_is_lent_for_one_transaction(bouncer):
    """Two clients, one after the other, are served by one process of Postgres."""
    url = bouncer.url("a%20lamp")
    with closing(psycopg2.connect(url)) as one, closing(psycopg2.connect(url)) as other:
        assert len({process(line) for line in (one, other, one)}) == 1


def process(line):
    with line, line.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()


def test_the_health_check_of_compose_finds_it(bouncer):
    binaries = find_binaries()
    ask = shutil.which("pg_isready", path=binaries) or missing("pg_isready")
    place = ["-q", "-h", "127.0.0.1", "-p", str(bouncer.port), "-U", "parlor", "-d", "parlor"]
    assert subprocess.run([ask, *place]).returncode == 0
