"""What happens by itself happens once, however many processes there are."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.support.across import is_open, rows, wait_until, wait_until_here
from tests.support.hooks import listening

ROOMS = "/api/chat/rooms"
GRACE = 2
DEAD_AFTER = 20
"""Seconds after which the people of a killed process are gone."""


@pytest.fixture(scope="module")
def hasty(cluster_of):
    """Two processes that forget quickly."""
    with cluster_of(2, ROOM_GRACE=GRACE, LEAVE_GRACE=1) as hasty:
        yield hasty


@pytest.fixture
def doors(hasty):
    """Alice is on one process, Bob on the other."""
    return hasty


def lobby_of(person):
    lobby = person.connect(lobby=True)
    lobby.call("conversations", None)
    return lobby


def gone(lobby):
    """Which rooms a tab was told are gone."""
    return [told["room"] for told in lobby.heard("conversation") if "gone" in told]


# Rooms close


def test_a_room_of_whom_nobody_is_left_closes_once(alice, bob, hasty):
    code = alice.enter()
    bob.enter(code)
    lobbies = [lobby_of(alice), lobby_of(bob)]
    began = time.monotonic()
    alice.tabs[0].close()
    bob.tabs[0].close()
    wait_until(lambda: not is_open(hasty.database_url, code), 15)
    assert time.monotonic() - began >= GRACE
    for one, lobby in zip((alice, bob), lobbies, strict=True):
        wait_until(lambda lobby=lobby: gone(lobby))
        assert one.get(f"{ROOMS}/{code}").status_code == 404
    time.sleep(2)
    assert [gone(lobby) for lobby in lobbies] == [[code], [code]]


def test_a_room_never_closes_while_somebody_is_there_on_any_process(alice, bob, hasty):
    """On Bob's process nobody has been there for longer than that."""
    code = alice.enter()
    bob.enter(code)
    bob.post(f"/room/{code}/leave")
    time.sleep(3 * GRACE + 2)
    assert alice.send("I have been here all the time")["ok"]
    assert not alice.heard("disconnect")


def test_who_goes_on_from_process_to_process_keeps_the_room_open(alice, hasty):
    code, there = alice.enter(), alice
    for n in range(1, 5):
        there.tab.close()
        time.sleep(GRACE - 1)
        there = alice.at(hasty[n % 2])
        there.connect(code).wait_for("room")
    assert there.send("Still open")["ok"]


def test_a_room_that_is_kept_stays_open(account, hasty):
    alice = account(f"Alice {uuid.uuid4().hex[:8]}", hasty[0])
    code = alice.post(ROOMS, json={"kept": True}).json()["room"]["code"]
    alice.connect(code).wait_for("room")
    alice.tab.close()
    time.sleep(3 * GRACE)
    assert is_open(hasty.database_url, code)
    assert alice.at(hasty[1]).connect(code).wait_for("room")["count"] == 1


def test_people_and_rooms_of_a_killed_process_are_not_there_for_ever(start_cluster, person):
    one, other = start_cluster(ROOM_GRACE=GRACE, LEAVE_GRACE=1)
    alice, bob, charlie = person("Alice", one), person("Bob", other), person("Charlie", one)
    code, deserted = bob.enter(), charlie.enter()
    alice.enter(code)
    wait_until_here(["Alice", "Bob"], code, bob)
    one.kill()
    killed = time.monotonic()
    news = bob.wait_for("presence", lambda news: news["left"], timeout=DEAD_AFTER)
    assert ([one["name"] for one in news["left"]], news["count"]) == (["Alice"], 1)
    wait_until_here(["Bob"], code, bob)
    wait_until(lambda: not is_open(other.database_url, deserted), 2 * DEAD_AFTER)
    assert time.monotonic() - killed > GRACE
    assert bob.send("Still here")["ok"]


# Codes


def test_rooms_opened_at_the_same_time_on_four_processes_have_codes_of_their_own(person, four):
    each = 10
    people = [person(f"Guest {n}", server) for n, server in enumerate(four)]
    together = Barrier(len(people))

    def open_rooms(one):
        together.wait(10)
        return [one.create() for _ in range(each)]

    with ThreadPoolExecutor(len(people)) as threads:
        codes = [code for some in threads.map(open_rooms, people) for code in some]
    assert len(set(codes)) == len(people) * each
    found = rows(four.database_url, "SELECT code FROM room WHERE code = ANY(%s)", codes)
    assert len(found) == len(codes)


# Bots


def test_a_webhook_is_told_once_and_in_order(account, pair):
    alice = account(f"Alice {uuid.uuid4().hex[:8]}", pair[0])
    there = alice.at(pair[1])
    code = alice.post(ROOMS, json={"kept": True}).json()["room"]["code"]
    with listening() as hook:
        made = alice.post(f"{ROOMS}/{code}/bots", json={"name": "Lamp", "webhook": hook.url})
        assert made.status_code == 201
        texts = [f"@lamp {n}" for n in range(10)]
        for n, text in enumerate(texts):
            said = (alice, there)[n % 2].post(f"{ROOMS}/{code}/messages", json={"data": text})
            assert said.status_code == 201
        hook.wait_for(len(texts), timeout=30)
        time.sleep(3)
        assert hook.texts() == texts
