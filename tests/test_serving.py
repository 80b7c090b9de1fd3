"""How Parlor is served: gunicorn.conf.py, on the real gunicorn."""

import os
import socket
import sqlite3
import time
from contextlib import closing

import pytest
import requests

from tests.support import ROOT
from tests.support.server import QUICK, DevServer, Server


def test_a_fresh_database_works(start_server):
    server = start_server(has_tables=False)
    assert requests.get(server.url, timeout=5).status_code == 200
    with sqlite3.connect(server.directory / "parlor.db") as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    database.close()
    assert {"user", "room", "participant", "message"} <= {name.rstrip("s") for name in tables}


def test_an_older_database_is_brought_up_to_date(start_server):
    server = start_server()
    server.stop()
    newest = revision(server)
    server.flask("db", "downgrade", "0001")
    assert revision(server) == "0001" != newest
    server.start()
    assert revision(server) == newest


def revision(server):
    with closing(sqlite3.connect(server.directory / "parlor.db")) as database:
        return database.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def test_ready_says_that_the_database_answers(start_server, database_url):
    server = start_server(DATABASE_URL=database_url)
    assert requests.get(f"{server.url}/readyz", timeout=5).status_code == 200


def test_it_says_where_it_is(start_server):
    server = start_server()
    assert f"Parlor is at {server.url}" in server.log()


def test_it_stops_within_seconds(start_server):
    server = start_server()
    idle = socket.create_connection(("127.0.0.1", server.port))
    with idle:
        assert server.stop() < 8


def test_a_killed_worker_is_replaced(start_server):
    server = start_server()
    server.kill_worker()
    server.wait_until_up()


def test_a_restart_keeps_address_and_database(start_server):
    server = start_server()
    server.kill()
    server.restart()
    assert requests.get(server.url, timeout=5).status_code == 200


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_the_development_server_does_the_same_in_threads(tmp_path, person, transport):
    with DevServer(tmp_path) as server:
        alice, bob = person("Alice", server), person("Bob", server)
        code = alice.create()
        alice.connect(code, transports=[transport]).wait_for("room")
        bob.enter(code)
        assert [alice.send(f"number {n}")["seq"] for n in range(3)] == [1, 2, 3]
        bob.wait_for_text("number 2")
        bob.post(f"/room/{code}/leave")
        alice.wait_for("presence", lambda news: news["left"])
        alice.tab.close()
        room = alice.connect(code, after=1).wait_for("room")
        assert [message["seq"] for message in room["messages"]] == [2, 3]
        assert "ventlet" not in server.log()


@pytest.mark.parametrize("path", ["static/css/room.css", "templates/room.html", "app.py"])
def test_the_development_server_starts_anew_when_a_file_changes(tmp_path, path):
    with DevServer(tmp_path) as server:
        before = server.workers()
        os.utime(ROOT / path)
        deadline = time.monotonic() + QUICK
        while server.workers() in (before, []):
            assert time.monotonic() < deadline, "it did not notice"
            time.sleep(0.05)
        server.wait_until_up()


def test_several_workers_that_could_not_meet_are_refused(tmp_path):
    server = refused(tmp_path, "-w", "4")
    assert "Set REDIS_URL, and DATABASE_URL to a Postgres" in server.log()


def test_so_are_those_of_the_hosts_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    server = refused(tmp_path)
    assert "Parlor was to start 2 workers" in server.log()
    assert "WEB_CONCURRENCY=1" in server.log()


@pytest.mark.parametrize(("given", "set"), [("gevent", "eventlet"), ("eventlet", "gevent")])
def test_another_worker_than_the_one_that_is_set_is_refused(tmp_path, given, set):
    server = refused(tmp_path, "-k", given, WORKER=set)
    assert f"WORKER says {set}" in server.log()


def test_an_unknown_worker_stops_the_boot_with_its_name(tmp_path):
    server = refused(tmp_path, "-k", "eventlet", WORKER="tornado")
    assert "WORKER: Input should be 'eventlet', 'gevent' or 'gthread'" in server.log()


def test_a_bad_setting_stops_the_boot_with_its_name(tmp_path):
    server = refused(tmp_path, LEAVE_GRACE="soon")
    assert "LEAVE_GRACE" in server.log()


def test_a_missing_key_stops_the_boot_in_production(tmp_path):
    server = refused(tmp_path, PARLOR_ENV="production", SECRET_KEY="short")
    assert "SECRET_KEY" in server.log()
    assert "'short'" not in server.log()


def test_a_database_that_cannot_be_migrated_stops_the_boot(tmp_path):
    (tmp_path / "parlor.db").write_text("This is no database. " * 100)
    server = refused(tmp_path)
    assert "could not be brought up to date" in server.log()


def test_gunicorn_leaves_no_control_socket(start_server):
    server = start_server()
    assert "control" not in server.log().lower()
    assert not list(ROOT.glob("*.sock"))


def refused(directory, *arguments, **settings):
    """A server that gave up by itself."""
    server = Server(directory, **settings)
    server.launch(*arguments)
    try:
        assert server.process.wait(QUICK) != 0
    finally:
        if server.is_running():
            server.kill()
    return server
