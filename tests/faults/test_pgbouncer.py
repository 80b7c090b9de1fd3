"""PgBouncer, in front of Postgres with two connections, is started anew, and stands still."""

import time

import pytest

from tests.faults.test_database_silent import longest_wait
from tests.faults.watch import Watch
from tests.faults.world import World

pytestmark = pytest.mark.timeout(120)


SECONDS = 4
"""How long a fault is there."""


def test_pgbouncer_is_started_anew_and_stands_still(start_server, bouncer, figure):
    server = start_server(DATABASE_URL=bouncer.fresh_database())
    with World(server, resend=30) as world, Watch(world, ["/readyz"], posts=True) as watch:
        world.talk(1)
        began = time.monotonic()
        bouncer.stop()
        time.sleep(SECONDS)
        bouncer.start()
        ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        figure("PgBouncer restarted: stored again after", again - ended, below=3)
        world.talk(1)
        with bouncer.frozen():
            time.sleep(SECONDS)
            ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        figure("PgBouncer frozen: stored again after", again - ended, below=3)
        world.talk(1)
        world.finish()
    assert {code for sender in world.senders for _, code in sender.put_off} == {"retry"}
    assert not any(client.losses for client in world.clients)
    figure("PgBouncer away: a sender is told at worst after", longest_wait(world, began), below=6)
    assert not all(ok for ok, _ in watch.answers("/readyz", began))
    assert watch.answers("/readyz", began)[-1][0]
