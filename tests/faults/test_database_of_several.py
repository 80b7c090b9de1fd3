"""Postgres, or PgBouncer in front of it, is started anew under two processes."""

import time

import pytest

from tests.faults.agreement import agree
from tests.faults.conftest import long
from tests.faults.world import World

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("seconds", [1, pytest.param(5, marks=long)])
@pytest.mark.parametrize("what", ["postgres", pytest.param("bouncer", marks=long)])
def test_the_database_is_restarted_under_two_processes(
    start_cluster, request, what, seconds, figure
):
    database = request.getfixturevalue(what)
    cluster = start_cluster(on=database)
    with World(cluster, resend=30) as world:
        world.talk(1)
        database.stop()
        time.sleep(seconds)
        database.start()
        ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        world.talk(1)
        agree(world, cluster)
        world.finish()
    assert {code for sender in world.senders for _, code in sender.put_off} <= {"retry"}
    assert not any(client.losses for client in world.clients)
    figure(f"{what} restarted: stored again after", again - ended, below=3)
