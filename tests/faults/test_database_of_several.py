"""Postgres is started anew, or stands still, under two processes."""

import time

import pytest

from tests.faults.agreement import agree
from tests.faults.world import World

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("seconds", [1, pytest.param(5, marks=pytest.mark.long)])
def test_postgres_is_restarted_under_two_processes(start_cluster, postgres, seconds, figure):
    cluster = start_cluster()
    with World(cluster, resend=30) as world:
        world.talk(1)
        postgres.stop()
        time.sleep(seconds)
        postgres.start()
        ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        world.talk(1)
        agree(world, cluster)
        world.finish()
    assert {code for sender in world.senders for _, code in sender.put_off} <= {"retry"}
    assert not any(client.losses for client in world.clients)
    figure("Postgres restarted: stored again after", again - ended, below=3)
