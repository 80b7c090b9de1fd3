"""Where a database is: names that resolve slowly, not at all, and to something new."""

import socket
import threading
import time

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from parlor import whereabouts
from parlor.patience import PatientConnection
from parlor.whereabouts import NotFound, with_addresses

DSN = "host=db.internal port=5432 dbname=parlor"
SOON = 0.2


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(whereabouts, "PATIENCE", SOON)
    yield
    whereabouts.names.clear()


@pytest.fixture
def resolver(monkeypatch):
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
    yield resolver
    resolver.may_answer.set()


class Resolver:
    """One whose answers can be held back: no other can be had for this process alone."""

    def __init__(self):
        self.addresses = ["10.0.0.7"]
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = 0

    def getaddrinfo(self, host, port, type):
        self.asked += 1
        assert self.may_answer.wait(10)
        if not self.addresses:
            raise socket.gaierror("no such name")
        return [(None, type, 0, "", (address, 0)) for address in self.addresses]


def found():
    facts = parse_dsn(with_addresses(DSN))
    return facts["host"], facts["hostaddr"]


def test_a_name_is_looked_up_once_for_a_while(resolver, monkeypatch):
    assert found() == found() == ("db.internal", "10.0.0.7")
    assert resolver.asked == 1
    monkeypatch.setattr(whereabouts, "FRESH", 0)
    resolver.addresses = ["10.0.0.8", "fd00::8"]
    assert found() == ("db.internal,db.internal", "10.0.0.8,fd00::8")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "/run/postgresql", "one.internal,two.internal", ""]
)
def test_what_is_no_name_is_left_as_it_is(resolver, host):
    dsn = f"host='{host}' dbname=parlor"
    assert with_addresses(dsn) == dsn
    assert not resolver.asked


def test_a_slow_resolver_is_waited_for_a_moment_by_one(resolver):
    resolver.may_answer.clear()
    began = time.monotonic()
    for _ in range(10):
        with pytest.raises(NotFound):
            found()
    assert SOON <= time.monotonic() - began < 5 * SOON
    resolver.may_answer.set()
    time.sleep(0.1)
    assert found() == ("db.internal", "10.0.0.7")


def test_what_was_known_serves_while_the_resolver_is_away(resolver, monkeypatch):
    found()
    monkeypatch.setattr(whereabouts, "FRESH", 0)
    resolver.addresses = []
    assert found() == ("db.internal", "10.0.0.7")
    resolver.may_answer.clear()
    assert found() == ("db.internal", "10.0.0.7")


def test_a_name_that_is_nobodys_is_an_error_of_the_database(app):
    with pytest.raises(psycopg2.OperationalError, match="not found"):
        psycopg2.connect("host=nobody.invalid dbname=parlor", connection_factory=PatientConnection)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_database_is_reached_by_name(app, database_url):
    named = database_url.replace("127.0.0.1", "localhost")
    psycopg2.connect(named, connection_factory=PatientConnection).close()
    assert "127.0.0.1" in whereabouts.names["localhost"].addresses
