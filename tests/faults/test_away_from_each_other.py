"""What is decided on one process while others cannot be told: Redis is away."""

import time

import pytest

from tests.support.across import wait_until_here

FOUND_OUT = 8
"""Seconds in which a process that hears nothing looks who has to go."""


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
    wait_until_here(["Alice"], code, alice)
    figure("Redis away: who has to go is off the other process after", found_out, below=FOUND_OUT)
