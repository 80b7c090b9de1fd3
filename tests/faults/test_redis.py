"""Redis is away, hangs, hangs up, or forgets, while people talk on two processes."""

import time

import pytest

from tests.faults.agreement import FADED, agree
from tests.faults.receiver import Receiver
from tests.faults.watch import Watch
from tests.faults.world import World, p99

pytestmark = pytest.mark.timeout(120)

HEALED = 6
"""Seconds: three periods of `head`, in which everything comes that nobody was told of."""


@pytest.fixture(scope="module")
def cluster(cluster_of):
    with cluster_of(2, LEAVE_GRACE=1) as cluster:
        yield cluster


def come_and_go(world, cluster):
    """One of the receivers goes, and another one comes."""
    goes = world.receivers.pop()
    goes.stop()
    goes.join()
    world.receivers.append(Receiver(world.member("Newcomer"), world.code, cluster[1]))
    world.receivers[-1].start()
    world.wait_for(lambda: world.receivers[-1].is_in, "who comes is in")


def note_what_went_on(what, world, watch, began, ended, figure):
    """Nobody has to wait, or to come back, for Redis."""
    assert not [sender.put_off for sender in world.senders if sender.put_off]
    assert not any(client.losses for client in world.clients)
    took = [ack.took for ack in world.acks(began, ended) if ack.at - ack.took > began]
    figure(f"{what}: acknowledgements, p99", p99(took), below=0.5)
    figure(f"{what}: health, p99", p99(watch.took("/healthz", began, ended)), below=0.25)
    figure(f"{what}: typing, p99", p99(watch.took("typing", began, ended)), below=0.25)


def note_the_end(what, world, cluster, figure):
    figure(f"{what}: all agree on who is here after", agree(world, cluster), below=FADED)
    world.finish(settle=HEALED)


@pytest.mark.parametrize("seconds", [2, pytest.param(6, marks=pytest.mark.long)])
def test_redis_is_restarted(cluster, seconds, figure):
    with World(cluster) as world:
        with Watch(world) as watch:
            world.talk(1)
            began = time.monotonic()
            cluster.redis.stop()
            come_and_go(world, cluster)
            time.sleep(seconds)
            cluster.redis.start()
            ended = time.monotonic()
            world.talk(1)
        note_the_end("Redis away", world, cluster, figure)
    note_what_went_on("Redis away", world, watch, began, ended, figure)


@pytest.mark.parametrize("seconds", [4, pytest.param(10, marks=pytest.mark.long)])
def test_redis_stands_still(cluster, seconds, figure):
    with World(cluster) as world:
        with Watch(world) as watch:
            world.talk(1)
            began = time.monotonic()
            with cluster.redis.frozen():
                come_and_go(world, cluster)
                time.sleep(seconds)
            ended = time.monotonic()
            world.talk(1)
        note_the_end("Redis frozen", world, cluster, figure)
    note_what_went_on("Redis frozen", world, watch, began, ended, figure)


def test_redis_hangs_up_again_and_again(cluster, figure):
    with World(cluster) as world, cluster.redis.client() as admin:
        with Watch(world) as watch:
            world.talk(0.5)
            began = time.monotonic()
            for _ in range(12):
                for kind in ("normal", "pubsub"):
                    admin.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
                time.sleep(0.3)
            ended = time.monotonic()
            world.talk(0.5)
        note_the_end("Redis hangs up", world, cluster, figure)
    note_what_went_on("Redis hangs up", world, watch, began, ended, figure)


def test_redis_forgets_everything(cluster, figure):
    with World(cluster) as world:
        world.talk(0.5)
        cluster.redis.flush()
        come_and_go(world, cluster)
        world.talk(1)
        note_the_end("Redis flushed", world, cluster, figure)
