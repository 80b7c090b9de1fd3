"""Several processes: one is killed, its worker is, and they are deployed one after the other."""

import time
from itertools import pairwise
from types import SimpleNamespace

import pytest

from tests.faults.agreement import FADED, agree
from tests.faults.world import World
from tests.support.talk import frozen

pytestmark = pytest.mark.timeout(240)


def test_a_process_is_killed_and_comes_back(start_cluster, figure):
    """Senders go on at the other process; those receivers who were there wait for their own."""
    cluster = start_cluster()
    one, other = cluster
    with World(cluster, listen_at=[one, other]) as world:
        agree(world, cluster)
        world.talk(1)
        struck = time.monotonic()
        one.kill()
        answered = world.answers_after(struck)
        world.wait_for(lambda: not all(one.is_in for one in world.receivers), "some are out")
        agree(world, [other])
        faded = time.monotonic() - struck
        one.start()
        agree(world, cluster)
        world.talk(1)
        world.finish()
    figure("killed: its people are answered elsewhere after", answered, below=3)
    figure("killed: those who do not come back are gone after", faded, below=FADED)


@pytest.mark.long
def test_a_process_stands_still_and_goes_on(start_cluster, figure):
    """For longer than it takes to be held for dead; its people wait for it."""
    cluster = start_cluster()
    one, other = cluster
    with World(other, listen_at=[one, other]) as world:
        agree(world, cluster)
        world.talk(1)
        there = [client for client in world.clients if client.door is one]
        here = [client for client in world.clients if client.door is other]
        with frozen(one):
            agree(world, [other], among=here)
            world.talk(1)
        ended = time.monotonic()
        agree(world, cluster)
        agreed = time.monotonic() - ended
        world.talk(1)
        world.finish()
    assert not any(client.losses for client in there)
    figure("frozen: goes on, and all agree on who is here after", agreed, below=FADED)


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.long)])
def test_workers_are_killed_in_turn(start_cluster, kills, figure):
    cluster = start_cluster()
    with World(cluster, pace=0.05) as world:
        answers = []
        for n in range(kills):
            world.talk(0.5)
            cluster[(n + 1) % 2].wait_until_up()  # it was struck before
            struck = time.monotonic()
            cluster[n % 2].kill_worker()
            answers.append(world.answers_after(struck))
        world.talk(0.5)
        agreed = agree(world, cluster)
        world.finish()
    figure("worker killed: answered elsewhere, at worst, after", max(answers), below=3)
    figure("worker killed: all agree on who is here after", agreed, below=FADED)


@pytest.mark.parametrize("people", [20, pytest.param(200, marks=pytest.mark.long)])
def test_a_rolling_deploy_behind_nginx_loses_nothing(start_cluster, start_nginx, people, figure):
    cluster = start_cluster()
    nginx = start_nginx([server.port for server in cluster])
    front = SimpleNamespace(
        url=nginx.url, host=cluster[0].host, port=nginx.port, database_url=cluster.database_url
    )
    crowd = {"senders": people // 2, "receivers": people // 2, "pace": people / 40}
    with World(front, **crowd) as world:
        agree(world, cluster)
        world.talk(2)
        struck = time.monotonic()
        for server in cluster:
            server.stop()
            server.start()
            server.wait_until_up("/readyz")
        deployed = time.monotonic() - struck
        world.wait_for(lambda: all(client.is_in for client in world.clients), "all are back", 60)
        world.talk(1)
        agreed = agree(world, cluster)
        world.finish()
    away = [seconds for client in world.clients for seconds in absences(client)]
    figure("rolling deploy: took", deployed, below=60)
    figure("rolling deploy: away at longest", max(away), below=10)
    figure("rolling deploy: all agree on who is here after", agreed, below=FADED)


def absences(client):
    """Seconds from the end of each of its connections that was in the room until it was back."""
    arrivals = [at for at, _ in client.arrivals]
    for came, back in pairwise(arrivals):
        yield back - next(at for at, _ in client.losses if at > came)
