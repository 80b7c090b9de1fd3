"""The harness itself: each scenario passes on Parlor as it is, and fails on one that is broken."""

import time
from contextlib import nullcontext

import pytest

from tests.faults.conftest import on_one_stand
from tests.faults.proxy import Proxy
from tests.faults.world import World

pytestmark = on_one_stand

HEALS_WITHIN = 4
"""Seconds: a period of `head`, and a sync, on a machine that is busy."""


@pytest.fixture(params=["whole", "broken"])
def start(request, serve):
    """`server, as_expected = start(breakage, complaint)`; in the latter the scenario is played."""
    servers = []

    def start(breakage, complaint):
        broken = {"serves": "tests.faults.broken:app", "BREAK": breakage}
        is_broken = request.param == "broken"
        servers.append(serve(**broken) if is_broken else serve())
        failure = pytest.raises(AssertionError, match=complaint)
        return servers[0], failure if is_broken else nullcontext()

    yield start
    servers[0].kill()  # that is quicker than to stop it


def test_an_acknowledgement_before_the_commit_is_noticed(start):
    server, as_expected = start("acknowledged_before_commit", "acknowledged, not stored")
    with as_expected, World(server) as world:
        for _ in range(2):
            world.talk(0.5)
            struck = time.monotonic()
            server.kill_worker()
            world.answers_after(struck)
        world.finish(settle=HEALS_WITHIN)


def test_an_id_that_is_ignored_is_noticed(start):
    """Answers are lost on the way, so the same messages are sent again."""
    server, as_expected = start("id_ignored", "stored twice under one id")
    with as_expected, Proxy(server) as line, World(server, speak_at=line) as world:
        world.talk(0.5)
        line.hang(up=False)
        time.sleep(0.5)
        line.heal()
        line.drop()
        world.talk(0.5)
        world.finish(settle=HEALS_WITHIN)


def test_a_backlog_that_is_read_before_entering_is_noticed(start):
    """All receivers are coming back while the last message is said: nothing follows to show it."""
    server, as_expected = start("backlog_before_entering", "Receiver 1 never saw")
    with as_expected, Proxy(server) as line, World(server, listen_at=line, back=(0, 0.2)) as world:
        world.senders[0].say()
        line.drop()
        time.sleep(1)
        world.senders[0].say()
        world.finish(settle=HEALS_WITHIN)


def test_the_lack_of_head_is_noticed(start, serve):
    """Receivers are in one process, senders in another: only `head` tells of what was said."""
    receivers_at, as_expected = start("no_head", "Receiver 1 never saw")
    with World(serve(name="other"), listen_at=receivers_at) as world, as_expected:
        world.talk(1)
        world.finish(settle=HEALS_WITHIN)
