"""What is in Redis, or said there, cannot be read; it is full, or pauses: people talk on."""

import os
import random
import time

import pytest

from tests.faults.agreement import agree
from tests.faults.test_redis import HEALED, come_and_go
from tests.faults.world import World, p99
from tests.support.across import rows

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def cluster(cluster_of):
    with cluster_of(2, LEAVE_GRACE=1) as cluster:
        yield cluster


@pytest.fixture
def world(cluster):
    with World(cluster, senders=4, receivers=3) as world:
        world.talk(0.5)
        yield world


@pytest.fixture
def admin(cluster):
    with cluster.redis.client() as admin:
        yield admin


def room_id(world):
    [(id,)] = rows(world.server.database_url, "SELECT id FROM room WHERE code = %s", world.code)
    return id


def garbage(id, code):
    """What no process says."""
    room = f'{{"room id":{id},"code":"{code}"}}'
    said = [
        "", "d", "f", "x", "f1", "f1 2 3", "fa b c\n", f"f{id} {code} x\n{{}}",
        "d[", "d{}", "d[]", "d[1]", "dnull", 'd["nonsense"]', 'd["vanish"]', 'd["vanish",1,2,3]',
        f'd["vanish",{room},null,"nobody"]', f'd["appear",{room},1,2,3]', f'd["appear",{room}]',
        'd["look_again",{"room id":"x","code":[]}]', 'd["goes_by",1,[]]', 'd["count_hit","x","y"]',
        'd["count_hit","message",[]]', 'd["shut",1]', 'd["__class__"]', 'd[["shut"]]', "d[null]",
    ]  # fmt: skip
    return [b"01234567" + text.encode() for text in said] + [os.urandom(n) for n in (1, 8, 9, 500)]


def note_acks(what, world, began, ended, figure):
    took = [ack.took for ack in world.acks(began, ended)]
    figure(f"{what}: acknowledgements, p99", p99(took), below=0.5)


def all_is_well(world, cluster):
    agree(world, cluster)
    world.finish(settle=HEALED)
    assert not [sender.put_off for sender in world.senders if sender.put_off]
    assert not any(client.losses for client in world.clients)


def test_garbage_on_all_channels(cluster, world, admin):
    said = garbage(room_id(world), world.code) * 4
    random.shuffle(said)
    for data in said:
        for channel in admin.pubsub_channels():
            if b":wake:" not in channel or random.random() < 0.1:
                admin.publish(channel, data)
        time.sleep(0.005)
    come_and_go(world, cluster)
    world.talk(1)
    all_is_well(world, cluster)
    assert not [server.log() for server in cluster if "the bus stumbled" in server.log()]


def test_garbage_among_what_is_kept(cluster, world, admin):
    id = room_id(world)
    admin.hset(f"parlor:here:{id}", "garbage", "{")
    admin.hset(f"parlor:here:{id}", b"\xff:\xff", b"\xff[]")
    admin.sadd("parlor:processes", "", "nobody")
    admin.sadd("parlor:rooms:nobody", b"\xff", "x", "1 2 3")
    admin.zadd("parlor:seen", {b"\xff": 1, "x": 1e300, "": -1})
    come_and_go(world, cluster)
    world.talk(4)
    all_is_well(world, cluster)


@pytest.mark.long
def test_keys_of_another_kind(cluster, world, admin):
    for key in admin.keys("parlor:*"):
        admin.delete(key)
        admin.lpush(key, "garbage")
    come_and_go(world, cluster)
    world.talk(4)
    admin.flushall()
    all_is_well(world, cluster)


def test_redis_is_full(cluster, world, admin, figure):
    admin.config_set("maxmemory", 1)
    began = time.monotonic()
    come_and_go(world, cluster)
    world.talk(4)
    ended = time.monotonic()
    admin.config_set("maxmemory", 0)
    note_acks("Redis full", world, began, ended, figure)
    all_is_well(world, cluster)


@pytest.mark.long
def test_redis_pauses_again_and_again(cluster, world, admin, figure):
    began = time.monotonic()
    for _ in range(5):
        admin.client_pause(900)
        world.talk(1.2)
    come_and_go(world, cluster)
    ended = time.monotonic()
    note_acks("Redis pauses", world, began, ended, figure)
    all_is_well(world, cluster)
