"""SIGTERM, and a new process on the same database and port."""

import time

import pytest

from tests.faults.conftest import on_one_stand
from tests.faults.world import World

pytestmark = on_one_stand


def deploy(server):
    """Returns the seconds until the old process was gone."""
    gone = server.stop()
    server.start()
    return gone


def test_a_deploy_loses_nothing(serve):
    server = serve()
    with World(server) as world:
        world.talk(0.5)
        struck = time.monotonic()
        deploy(server)
        world.back_after(struck)
        assert all(client.restarts for client in world.clients), "somebody was not told"
        world.talk(0.5)
        world.finish()


@pytest.mark.long
@pytest.mark.timeout(180)
def test_two_hundred_people_come_back_from_a_deploy(serve, figure):
    server = serve()
    with World(server, senders=100, receivers=100, pace=5) as world:
        world.talk(3)
        struck = time.monotonic()
        gone = deploy(server)
        returns = world.back_after(struck)
        assert all(client.restarts for client in world.clients), "somebody was not told"
        world.talk(2)
        world.finish()
    figure("the old process is gone after", gone, below=8)
    figure("all are back after", max(returns), below=10)
    figure("they come back spread over", max(returns) - min(returns), above=3)
