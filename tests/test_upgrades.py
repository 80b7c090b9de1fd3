"""Clients that come over from long-polling to WebSocket in the middle of a conversation."""

import json
import re
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from tests.support import ROOT
from tests.support.ears import Ear, Poll
from tests.support.server import Server
from tests.support.wire import cookies, dialed, event, joined

UPGRADES = 30
WHEN = ("before", "meanwhile", "after")
TRANSPORTS = ["websocket", "polling", "polling,websocket"]


@pytest.fixture(scope="module", params=["fast", "plain"])
def server(request, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server"), RELAY=request.param) as server:
        yield server


@pytest.fixture
def talk(server, alice, opened):
    """Alice talks all the time. Returns the code of her room."""
    is_enough = threading.Event()

    def speak(line):
        while not is_enough.is_set():
            line.send(event("message", "and another thing"))
            time.sleep(0.002)

    with joined(server, alice, opened) as line, heard(line):
        talking = threading.Thread(target=speak, args=[line])
        talking.start()
        yield opened
        is_enough.set()
        talking.join(5)


@contextmanager
def heard(source):
    """An ear at a client's, up to the end of it."""
    ear = Ear(source)
    ear.start()
    yield ear
    ear.close()


@contextmanager
def moving(server, poll, ear, packet):
    """The line that a client on long-polling comes over to; `packet`: the first one over it."""
    with dialed(server, query=f"&sid={poll.sid}") as line:
        line.send("2probe")
        assert line.packet() == "3probe"
        poll.pause()
        ear.join(10)
        line.send_all(["5", packet])
        yield line


def numbers(packets):
    """The seq of all messages among these packets, in their order."""
    found = (re.match(r'42\["message",\{"seq":(\d+)', packet) for packet in packets)
    return [int(match[1]) for match in found if match]


def through(packets):
    [room] = [packet for packet in packets if packet.startswith('42["room"')]
    return json.loads(room[2:])[1]["through"]


def assert_gapless(came, known):
    """Every message once, in order, from the first that was not in `room` on."""
    assert came == list(range(came[0], came[-1] + 1))
    assert came[0] <= known + 1


def come_over(server, person, code, number):
    """Join on long-polling, upgrade while talking. Returns all packets that came, in order."""
    poll = Poll(server, person, code)
    said = [event("message", f"{number} {when}", ack=ack) for ack, when in enumerate(WHEN)]
    with heard(poll) as before:
        poll.send(said[0])
        before.wait_for("42", f'"message":"{number} before"')
        with moving(server, poll, before, said[1]) as line:
            after = [line.packet() for _ in range(20)]
            line.send(said[2])
            while not after[-1].startswith("432["):
                after.append(line.packet())
    return before.packets + after


def test_nothing_is_lost_doubled_or_reordered_by_an_upgrade(server, bob, talk):
    bob.join(talk)
    for number in range(UPGRADES):
        packets = come_over(server, bob, talk, number)
        assert_gapless(numbers(packets), through(packets))
        acks = [packet[:3] for packet in packets if packet.startswith("43")]
        assert acks == ["430", "431", "432"]
        said = re.findall(rf'"message":"{number} (\w+)"', "\n".join(packets))
        assert said == list(WHEN)


def test_a_poll_under_way_ends_when_an_upgrade_begins(server, alice, opened):
    """Nobody says anything that would end it."""
    poll = Poll(server, alice, opened)
    with heard(poll) as ear:
        ear.wait_for("40")
        with moving(server, poll, ear, event("message", "all is quiet", ack=1)) as line:
            assert not ear.is_alive()
            assert line.ack(1)["ok"]


def test_an_upgrade_that_is_not_sealed_changes_nothing(server, bob, talk):
    """The line that was probed is gone before it is used: polling goes on."""
    bob.join(talk)
    poll = Poll(server, bob, talk)
    with heard(poll) as ear:
        ear.wait_for("40")
        for _ in range(3):
            with dialed(server, query=f"&sid={poll.sid}") as line:
                line.send("2probe")
                assert line.packet() == "3probe"
        time.sleep(0.2)
        poll.send(event("message", "still polling", ack=7))
        assert ear.ack(7)["ok"]
        ear.wait_for("42", '"message":"still polling"')
        assert_gapless(ear.numbers(), through(ear.packets))


@pytest.mark.parametrize(
    "packets", [["5"], ["2"], ["4"], ["40"], ["2probe", "2probe"], ["2probe", "4"]]
)
def test_an_upgrade_that_makes_no_sense_is_none(server, bob, talk, packets):
    bob.join(talk)
    poll = Poll(server, bob, talk)
    with heard(poll) as ear:
        ear.wait_for("40")
        with dialed(server, query=f"&sid={poll.sid}") as line:
            line.send_all(packets)
            while line.receive():
                pass
        poll.send(event("message", "still polling", ack=7))
        assert ear.ack(7)["ok"]


def test_the_python_client_comes_over(bob, alice, talk):
    bob.join(talk)
    for number in range(10):
        tab = bob.connect(talk, transports=("polling", "websocket"))
        assert tab.client.transport() == "websocket"
        known = tab.wait_for("room")["through"]
        assert tab.send(f"here again {number}")["ok"]
        tab.wait_for_text(f"here again {number}")
        tab.close()
        assert_gapless([one["seq"] for one in tab.heard("message")], known)


def visits(server, bob, code, transports, rounds):
    """What the pages' client heard, round by round."""
    script = ROOT / "tests/support/visits.mjs"
    done = subprocess.run(
        ["node", script, server.url, code, cookies(bob), transports, str(rounds)],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("transports", TRANSPORTS)
def test_the_javascript_client_misses_nothing_over_any_transport(server, bob, talk, transports):
    bob.join(talk)
    rounds = UPGRADES if transports == "polling,websocket" else 5
    for seen in visits(server, bob, talk, transports, rounds):
        assert ",".join(dict.fromkeys(seen["transports"])) == transports
        assert_gapless(seen["heard"], seen["through"])
        assert seen["acks"] == sorted(set(seen["acks"]))
        assert set(seen["acks"]) <= set(seen["heard"])
        assert seen["reason"] == "io client disconnect"
