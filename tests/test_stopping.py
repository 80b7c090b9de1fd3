"""SIGTERM, as a deploy sends it: nothing is lost, everybody is told, and the process goes."""

import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager

import pytest
import requests

from tests.support.ears import Ear, Poll
from tests.support.people import SOON
from tests.support.wire import ENDPOINT, event, joined

WITHIN = 8
"""Seconds in which the process is gone."""


@pytest.fixture(params=["fast", "plain"])
def server(request, start_server):
    return start_server(RELAY=request.param)


def stopped(server):
    """A thread in which the server stops; `seconds` says how long that took."""

    class Stop(threading.Thread):
        def run(self):
            self.seconds = server.stop()

    stop = Stop()
    stop.start()
    return stop


def test_everybody_is_told_to_come_back_and_is_hung_up_on(server, alice, opened):
    with joined(server, alice, opened) as line:
        poll = Poll(server, alice, opened)
        ears = [Ear(line), Ear(poll)]
        for ear in ears:
            ear.start()
        ears[1].wait_for("40")
        stop = stopped(server)
        for ear in ears:
            assert ear.wait_for('42["restart"') == '42["restart",{"within":7}]'
            ear.join(SOON)
            assert not ear.is_alive(), "not hung up on"
        assert "41" not in ears[0].packets, "a browser would stay away"
        assert ears[1].packets[-1] == "1", "the end of a long poll"
        stop.join()
        assert stop.seconds < WITHIN


def test_what_was_sent_before_is_stored_and_acknowledged(server, alice, opened):
    with joined(server, alice, opened) as line:
        ear = Ear(line)
        ear.start()
        line.send_all(event("message", {"data": f"{n}", "id": f"id-{n}"}, ack=n) for n in range(50))
        ear.ack(49)
        stop = stopped(server)
        ear.wait_for('42["restart"')
        stop.join()
        assert [ear.ack(n)["seq"] for n in range(50)] == list(range(1, 51))
    server.start()
    assert len(alice.connect(opened, after=0).wait_for("room")["messages"]) == 50


def test_idle_connections_and_waiting_requests_do_not_hold_it_up(server, alice, opened):
    poll = Poll(server, alice, opened)
    waiting = Ear(poll)
    waiting.start()
    with socket.create_connection(("127.0.0.1", server.port)) as silent, requests.Session() as idle:
        idle.get(server.url + "/healthz", timeout=SOON)
        silent.sendall(b"GET / HT")
        assert server.stop() < WITHIN
    waiting.join(SOON)


def test_what_waits_is_stored_and_acknowledged_and_nothing_new_begins(server, alice, opened):
    """SQLite is locked by somebody else, so a message waits while the server is asked to stop."""
    with joined(server, alice, opened) as line, Ear(line) as ear:
        with locked(server):
            line.send(event("message", {"data": "just in time", "id": "a"}, ack=1))
            stop = stopped(server)
            while 200 in (statuses := attempts(server)):
                assert stop.is_alive()
            assert set(statuses) == {503}
            assert not ear.events("restart")
        ear.wait_for('42["restart"')
        assert "43" in [packet[:2] for packet in ear.packets], "told to go before the answer"
        assert ear.ack(1)["ok"] is True
        stop.join()


@contextmanager
def locked(server):
    """The database is locked, as by another process that writes."""
    path = server.directory / "parlor.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def attempts(server):
    """The statuses of the health check of a load balancer, of a socket, and of a new room."""
    ready = requests.get(server.url + "/readyz", timeout=SOON)
    if ready.ok:
        return [ready.status_code]
    socket = requests.get(server.url + ENDPOINT + "polling", timeout=SOON)
    room = requests.post(server.url, {"name": "Bob", "create": "1"}, timeout=SOON)
    return [ready.status_code, socket.status_code, room.status_code]


def test_a_second_request_to_stop_changes_nothing(server, alice, opened):
    with joined(server, alice, opened):
        server.process.terminate()
        time.sleep(0.2)
        assert server.stop() < WITHIN


HASTY = """
import os, signal, time
from pathlib import Path

exec(Path("gunicorn.conf.py").read_text())
begin = post_fork


def post_fork(server, worker):
    os.kill(os.getppid(), signal.SIGTERM)
    end = time.monotonic() + 1
    while time.monotonic() < end and server.SIG_QUEUE.empty():
        pass
    begin(server, worker)
"""


def test_a_worker_that_has_hardly_begun_is_stopped_as_quickly(server, tmp_path):
    server.stop()
    config = tmp_path / "hasty.py"
    config.write_text(HASTY)
    server.launch("-c", str(config))
    asked = time.monotonic()
    assert server.process.wait(2 * WITHIN) == 0
    assert time.monotonic() - asked < WITHIN
