"""What is decided on one process while others cannot be told: Redis is away, for all or for one."""

import time
from contextlib import ExitStack

import pytest

from tests.faults.proxy import Proxy
from tests.support.across import here, wait_until
from tests.support.server import Server

FOUND_OUT = 8
"""Seconds in which a process that hears nothing looks who has to go."""

GONE = 20
"""Seconds in which nobody shows any more who left while that could not be told."""


@pytest.fixture
def cluster(start_cluster):
    return start_cluster()


def test_who_has_to_go_goes_although_redis_is_away(cluster, account, figure):
    one, other = cluster
    alice, bob, charlie = (
        account(n, s) for n, s in (("Alice", one), ("Bob", other), ("Charlie", other))
    )
    code = alice.enter()
    for somebody in (bob, charlie):
        somebody.enter(code)
    cluster.redis.stop()
    began = time.monotonic()
    him = bob.get("/api/me").json()["me"]["user_id"]
    assert alice.post(f"/room/{code}/people/{him}/remove").status_code == 303
    assert charlie.at(one).post("/sign-out").status_code == 303
    for somebody in (bob, charlie):
        somebody.wait_for("disconnect", timeout=3 * FOUND_OUT)
    found_out = time.monotonic() - began
    assert alice.send("Among us")["ok"]
    cluster.redis.start()
    wait_until(lambda: here(alice, code) == (["Alice"], 1), seconds=GONE)
    figure("Redis away: who has to go is off the other process after", found_out, below=FOUND_OUT)


def test_who_has_to_go_sees_no_conversation_any_more_although_redis_is_away(cluster, account):
    one, other = cluster
    alice, bob, charlie = (
        account(n, s) for n, s in (("Alice", one), ("Bob", other), ("Charlie", other))
    )
    code = begin_group(alice, bob, charlie)
    lobbies = [somebody.connect(lobby=True) for somebody in (bob, charlie)]
    for lobby in lobbies:
        lobby.call("conversations", None)
    cluster.redis.stop()
    remove(alice, code, bob)
    assert charlie.at(one).post("/sign-out").status_code == 303
    assert lobbies[0].wait_for("conversation", lambda told: "gone" in told, timeout=3 * FOUND_OUT)
    lobbies[1].wait_for("disconnect", timeout=3 * FOUND_OUT)
    assert not lobbies[0].heard("disconnect")


@pytest.fixture
def cut_off(postgres, redis, tmp_path):
    """Two processes, and the line from the first to Redis: `one, other, line = cut_off`."""
    with Proxy(redis) as line, ExitStack() as running:
        places = {"DATABASE_URL": postgres.fresh_database()}
        addresses = [f"redis://127.0.0.1:{line.port}", redis.url]
        servers = [
            running.enter_context(
                Server(tmp_path / f"process-{n}", has_tables=False, REDIS_URL=url, **places)
            )
            for n, url in enumerate(addresses)
        ]
        for server in servers:
            server.wait_until_up("/readyz")
        yield *servers, line


def test_what_one_process_decides_that_could_not_tell_is_found_out_by_the_others(cut_off, account):
    one, other, line = cut_off
    alice, bob, charlie = (
        account(n, s) for n, s in (("Alice", one), ("Bob", other), ("Charlie", other))
    )
    code = begin_group(alice, bob, charlie)
    inside, lobby = bob.connect(code), bob.connect(lobby=True)
    lobby.call("conversations", None)
    outside = charlie.connect(lobby=True)
    line.cut()
    wait_until(lambda: "Redis is away" in one.log())
    remove(alice, code, bob)
    assert charlie.at(one).post("/sign-out").status_code == 303
    line.heal()
    inside.wait_for("disconnect", timeout=FOUND_OUT)
    outside.wait_for("disconnect", timeout=FOUND_OUT)
    assert lobby.wait_for("conversation", lambda told: "gone" in told, timeout=FOUND_OUT)


def begin_group(alice, *others):
    people = ",".join(one.name for one in others)
    begun = alice.post("/conversations", {"people": people, "title": "Friends"})
    return begun.headers["Location"].rpartition("/")[2]


def remove(alice, code, somebody):
    who = somebody.get("/api/me").json()["me"]["user_id"]
    assert alice.post(f"/room/{code}/people/{who}/remove").status_code == 303
