"""People who never stay, on four processes: in the end everybody is where they are."""

import random
import time

import pytest

from tests.faults.agreement import FADED, agree
from tests.faults.conftest import long
from tests.faults.link import Lost
from tests.faults.receiver import Receiver
from tests.faults.world import World

pytestmark = pytest.mark.timeout(180)

PEOPLE = 16
STAYS = (0.05, 2)
"""Seconds, at random between the two: shorter and longer than the grace for whoever has left."""


class Restless(Receiver):
    """Leaves without a word now and then, and comes back on the next process, until calm."""

    is_calm = False

    def enter(self, room, now):
        super().enter(room, now)
        self.goes_at = now + random.uniform(*STAYS)

    def act(self, now):
        super().act(now)
        if self.is_in and not self.is_calm and now >= self.goes_at:
            raise Lost("restless")


@pytest.mark.parametrize(
    "fault", ["killed", pytest.param("none", marks=long), pytest.param("redis", marks=long)]
)
def test_counts_are_right_however_people_come_and_go(start_cluster, fault, figure):
    cluster = start_cluster(4, LEAVE_GRACE=1)
    with World(cluster, senders=4, receivers=0) as world:
        for n in range(PEOPLE):
            who = Restless(world.member(f"Guest {n}"), world.code, cluster.door(n), back=(0, 2))
            world.receivers.append(who)
            who.start()
        world.talk(3)
        if fault == "killed":
            cluster[1].kill_worker()
        elif fault == "redis":
            cluster.redis.restart()
        time.sleep(5)
        for who in world.receivers:
            who.is_calm = True
        world.wait_for(lambda: all(who.is_in for who in world.receivers), "all are in")
        agreed = agree(world, cluster)
        world.finish()
    figure("restless: all agree on who is here after", agreed, below=FADED)
