"""A machine of three is cut off: from database and Redis, and from its people too."""

import time

import pytest

from tests.faults.agreement import FADED, agree
from tests.faults.machine import Machine
from tests.faults.world import World
from tests.support import missing
from tests.support.cluster import Cluster
from tests.support.postgres import Postgres, find_binaries
from tests.support.redis import Redis, find_redis

pytestmark = pytest.mark.timeout(180)

CUT = 15
"""Seconds."""


@pytest.fixture
def machine():
    with Machine() as machine:
        yield machine


@pytest.fixture
def near(machine, tmp_path):
    """Two processes here, with a database and a Redis that the machine reaches too."""
    binaries = find_binaries() or missing("PostgreSQL")
    find_redis() or missing("Redis")
    reached = ("--bind", "127.0.0.1", machine.base, "--protected-mode", "no")
    with (
        Postgres(binaries, also_at=machine.base) as postgres,
        Redis(*reached) as redis,
        Cluster(tmp_path / "near", postgres, redis, LEAVE_GRACE=1) as near,
    ):
        yield near


@pytest.fixture
def far(machine, near, tmp_path):
    """The process on the machine."""
    found = {"DATABASE_URL": near.database_url, "REDIS_URL": near.redis.url}
    with machine.server(tmp_path / "far", **found, LEAVE_GRACE=1) as far:
        far.wait_until_up("/readyz")
        yield far


@pytest.mark.parametrize("all_of_it", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_machine_is_cut_off(machine, near, far, all_of_it, figure):
    """Its people stay, and wait, where they still reach it; else they come back in the end."""
    servers = [*near, far]
    silence = 8 if all_of_it else None
    with World(near, speak_at=servers, listen_at=servers, silence=silence) as world:
        agree(world, servers)
        world.talk(1)
        here = [client for client in world.clients if client.door is not far]
        there = [client for client in world.clients if client.door is far]
        began = time.monotonic()
        machine.cut(*([] if all_of_it else [machine.trunk]))
        agree(world, near, among=here)
        faded = time.monotonic() - began
        time.sleep(max(began + CUT - time.monotonic(), 0))
        machine.mend()
        mended = time.monotonic()
        world.wait_for(lambda: acked(there, mended), "an answer on the machine")
        answered = time.monotonic() - mended
        agreed = agree(world, servers)
        world.talk(1)
        world.finish()
    if not all_of_it:
        assert not any(client.losses for client in there)
    assert not any(client.losses for client in here)
    figure("cut off: its people are gone for the others after", faded, below=FADED)
    figure("cut off: the others are answered at worst after", longest(here, began), below=6)
    figure("mended: its people are answered after", answered, below=10)
    figure("mended: all agree on who is here after", agreed, below=FADED)


def acked(clients, since):
    """Whether any of them was answered since."""
    senders = [client for client in clients if hasattr(client, "acks")]
    return any(ack.at > since for one in senders for ack in list(one.acks.values()))


def longest(clients, since):
    """The longest that any of them waited for an answer."""
    senders = [client for client in clients if hasattr(client, "acks")]
    return max(ack.took for one in senders for ack in one.acks.values() if ack.at > since)
