"""The same app under each of gunicorn's workers: what all the other tests ask, in short.

Those run under eventlet; `WORKER=gevent make test` runs all of them under another.
"""

import os
import signal
from contextlib import ExitStack

import pytest
import requests
import websocket

from parlor import budget
from tests.support import free_port
from tests.support.across import wait_until
from tests.support.ears import Ear, Poll
from tests.support.people import PASSWORD, Person
from tests.support.server import Server
from tests.support.wire import client_frame, dialed, event, joined

OTHERS = ["gevent", "gthread"]
CLOSE, PING, PONG = 8, 9, 10
STOPPED_WITHIN = 8
"""Seconds."""


@pytest.fixture(scope="module", params=OTHERS)
def server(request, tmp_path_factory):
    with Server(tmp_path_factory.mktemp(request.param), WORKER=request.param) as server:
        yield server


@pytest.fixture(params=OTHERS)
def stopping(request, start_server):
    """A server of this test's own."""
    return start_server(WORKER=request.param, name=request.param)


def test_what_one_says_the_others_hear_in_order(alice, bob, code):
    for n in range(20):
        assert alice.send(f"{n}")["seq"] == n + 1
    bob.wait_for_text("19")
    assert bob.texts() == [f"{n}" for n in range(20)]


def test_who_was_away_gets_what_was_said(alice, bob, code):
    bob.tab.close()
    alice.send("Where are you?")
    room = bob.connect(code, after=0).wait_for("room")
    assert [message["message"] for message in room["messages"]] == ["Where are you?"]


def test_long_polling_works_and_comes_over_in_mid_talk(server, alice, bob, opened):
    bob.join(opened)
    with joined(server, alice, opened) as talking:
        poll = Poll(server, bob, opened)
        ear = Ear(poll)
        ear.start()
        ear.wait_for("40")
        talking.send(event("message", "before"))
        ear.wait_for("42", '"message":"before"')
        with dialed(server, query=f"&sid={poll.sid}") as line:
            line.send("2probe")
            assert line.packet() == "3probe"
            poll.pause()
            talking.send(event("message", "meanwhile"))
            ear.join(10)
            line.send_all(["5", event("message", "mine", ack=1)])
            assert line.ack(1)["seq"] == 3
            talking.packet('42["message",{"seq":3')
    heard = "".join(ear.packets)
    assert heard.count('"message":"before"') == 1


def test_a_program_talks_over_a_plain_websocket(enters, server, alice):
    room = alice.enter()
    ada = enters(room, "Ada")
    assert ada.ask("Hello", id="one")["seq"] == 1
    alice.wait_for_text("Hello")
    alice.send("Hello, program")
    ada.wait_for("message", message="Hello, program")


def test_a_name_is_kept_and_its_owner_signs_in(person, server):
    name = f"Dora {free_port()}"
    person(name, server).keep_name()
    form = {"name": name, "password": "wrong, wrong, wrong"}
    assert Person(server.url, name).post("/sign-in", form).status_code == 401
    signed_in = Person(server.url, name)
    assert signed_in.post("/sign-in", {**form, "password": PASSWORD}).status_code == 303
    assert signed_in.get("/account").status_code == 200


def test_a_ping_is_answered_and_a_close_is_the_end(line):
    line.push(client_frame(b"are you there", PING))
    assert line.control() == (PONG, b"are you there")
    line.push(client_frame((1001).to_bytes(2), CLOSE))
    while line.receive():
        pass


def test_what_cannot_be_read_ends_the_line_and_no_other(line, alice, bob, opened):
    bob.enter(opened)
    line.push(client_frame(b"\xff\xff"))
    assert not line.receive() or line.ending() is not None
    assert bob.send("Still here")["ok"]


def test_so_does_what_is_too_large(line, alice, bob, opened):
    bob.enter(opened)
    line.push(client_frame(event("message", {"data": "x" * 20_000})))
    while line.receive():
        pass
    assert bob.send("Still here")["ok"]


def test_an_upgrade_that_is_none_ends_and_polling_goes_on(server, alice, opened):
    poll = Poll(server, alice, opened)
    with Ear(poll) as ear:
        ear.wait_for("40")
        with dialed(server, query=f"&sid={poll.sid}") as line:
            line.send_all(["2probe", "4"])
            while line.receive():
                pass
        poll.send(event("message", "still polling", ack=7))
        assert ear.ack(7)["ok"]


def test_a_stop_tells_everybody_and_loses_nothing(stopping, person):
    alice = person("Alice", stopping)
    code = alice.create()
    with joined(stopping, alice, code) as line, Ear(line) as ear:
        poll = Ear(Poll(stopping, alice, code))
        poll.start()
        poll.wait_for("40")
        line.send_all(event("message", {"data": f"{n}", "id": f"id-{n}"}, ack=n) for n in range(50))
        ear.ack(49)
        poll.wait_for('42["message",{"seq":50,')  # from here on its next poll is under way
        assert stopping.stop() < STOPPED_WITHIN
        assert ear.wait_for('42["restart"')
        poll.join(5)
        assert poll.packets[-1] == "1", "the end of a long poll"
    stopping.start()
    room = alice.connect(code, after=0).wait_for("room")
    assert [message["seq"] for message in room["messages"]] == list(range(1, 51))


def test_a_killed_worker_is_replaced_and_what_it_acknowledged_is_there(stopping, person):
    alice = person("Alice", stopping)
    code = alice.enter()
    assert alice.send("before")["ok"]
    stopping.kill_worker()
    stopping.wait_until_up()
    room = alice.connect(code, after=0).wait_for("room")
    assert [message["message"] for message in room["messages"]] == ["before"]


def test_the_worker_is_the_one_that_is_set(server):
    assert f"Using worker: {server.settings['WORKER']}" in server.log()
    assert f"Parlor is at {server.url}\n" in server.log()
    assert "eventlet" not in server.log()
    assert requests.get(server.url + "/healthz", timeout=5).ok
    os.kill(server.workers()[0], signal.SIGUSR1)  # logs are opened anew
    assert requests.get(server.url + "/healthz", timeout=5).ok


class Poor(Server):
    """One that may open 300 files."""

    def command(self, *arguments):
        return ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh", *super().command(*arguments)]


@pytest.mark.parametrize("worker", ["eventlet", "gevent"])
def test_whoever_is_one_too_many_is_told_so_and_pages_go_on(tmp_path, worker):
    with Poor(tmp_path, WORKER=worker) as server, ExitStack() as lines:
        most = 300 - 300 // 4 - budget.OTHERS
        for _ in range(most):
            lines.enter_context(dialed(server))
        with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
            lines.enter_context(dialed(server))
        assert requests.get(server.url + "/readyz", timeout=5).ok
        lines.close()
        wait_until(lambda: lets_in(server))


def lets_in(server):
    try:
        with dialed(server):
            return True
    except websocket.WebSocketBadStatusException:
        return False
