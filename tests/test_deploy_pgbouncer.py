"""deploy/pgbouncer.ini, on the real PgBouncer."""

import shutil
import subprocess
from contextlib import closing

import psycopg2
import pytest

from tests.support import missing
from tests.support.pgbouncer import PASSWORD, DeployedPgBouncer, find_pgbouncer
from tests.support.postgres import find_binaries


@pytest.fixture(scope="module")
def bouncer(postgres):
    program = find_pgbouncer() or missing("PgBouncer")
    with DeployedPgBouncer(program, postgres) as bouncer:
        yield bouncer


def test_who_knows_the_password_gets_in(bouncer):
    with closing(psycopg2.connect(bouncer.url)) as line, line.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("parlor",)
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        psycopg2.connect(bouncer.url.replace(PASSWORD, "chair"))


def test_a_connection_is_lent_for_one_transaction(bouncer):
    """Two clients, one after the other, are served by one process of Postgres."""
    url = bouncer.url
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
