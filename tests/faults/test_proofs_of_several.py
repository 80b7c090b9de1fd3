"""The harness on several processes: scenes that pass elsewhere fail where a rule is broken."""

import time

import pytest

from tests.faults.agreement import agree
from tests.faults.conftest import long
from tests.faults.world import World

pytestmark = pytest.mark.timeout(120)

HEALS_WITHIN = 4
"""Seconds: a period of `head`, and a sync, on a machine that is busy."""


@pytest.fixture
def broken(start_cluster):
    """`broken("no_head")`: two processes on which that is so."""
    clusters = []

    def start(breakage):
        clusters.append(start_cluster(serves="tests.faults.broken:app", BREAK=breakage))
        return clusters[0]

    yield start
    for server in (server for cluster in clusters for server in cluster):
        server.may_fail = True
        if server.is_running():
            server.kill()  # that is quicker than to stop it


def test_the_lack_of_head_is_noticed(broken):
    """Redis is away, so what is said on one process is not told to the other."""
    cluster = broken("no_head")
    with World(cluster, speak_at=cluster[0], listen_at=cluster[1]) as world:
        world.talk(0.5)
        cluster.redis.stop()
        world.talk(0.5)
        with pytest.raises(AssertionError, match="Receiver 1 never saw"):
            world.finish(settle=HEALS_WITHIN)


@long
def test_what_is_told_before_it_is_stored_is_noticed(broken):
    cluster = broken("told_before_commit")
    with World(cluster, listen_at=cluster.servers) as world:
        world.talk(1)
        cluster[0].kill()
        cluster[0].start()
        world.talk(1)
        with pytest.raises(
            AssertionError, match=r"saw what is not stored|saw otherwise|two messages"
        ):
            world.finish(settle=HEALS_WITHIN)


@long
def test_the_dead_who_stay_are_noticed(broken):
    cluster = broken("the_dead_stay")
    with World(cluster, listen_at=cluster[0], speak_at=cluster[1]) as world:
        agree(world, cluster)
        cluster[0].kill()
        world.wait_for(lambda: not any(one.is_in for one in world.receivers), "they are out")
        with pytest.raises(AssertionError, match="not agreed on who is here"):
            agree(world, [cluster[1]])


@long
def test_presence_that_is_not_said_anew_is_noticed(broken):
    cluster = broken("nothing_said_anew")
    with World(cluster, listen_at=cluster.servers) as world:
        agree(world, cluster)
        cluster.redis.stop()
        goes = world.receivers.pop()
        goes.stop()
        goes.join()
        time.sleep(3)  # until they have left
        cluster.redis.start()
        with pytest.raises(AssertionError, match="not agreed on who is here"):
            agree(world, cluster)
