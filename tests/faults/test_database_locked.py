"""SQLite's file is locked by another process: nothing can be stored, and nobody else notices."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.faults.conftest import long
from tests.faults.troubles import locked
from tests.faults.watch import LONG, PAGES, Watch
from tests.faults.world import World, p99

CROWD = 30

pytestmark = pytest.mark.parametrize(
    "stand",
    [
        pytest.param(("sqlite", "fast"), id="fast"),
        pytest.param(("sqlite", "plain"), id="plain", marks=long),
    ],
    indirect=True,
)


@pytest.mark.parametrize("seconds", [2, pytest.param(5, marks=long)])
@pytest.mark.timeout(120)
def test_a_lock_stalls_nobody_who_stores_nothing(serve, seconds, figure):
    server = serve()
    with World(server) as world, Watch(world, questions=("typing", "sync")) as watch:
        world.talk(1)
        with locked(server.directory.parent / "parlor.db"), crowd(world) as statuses:
            began = time.monotonic()
            time.sleep(seconds)
            ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        world.talk(0.5)
        world.finish()
    assert set(statuses) <= {303, 503}
    assert not world.acks(since=began, until=ended), "something was stored behind the lock"
    for what in ("typing", "sync", *PAGES):
        figure(f"locked: p99 of {what}", p99(watch.took(what, began, ended)), below=0.25)
    figure("locked: stored again after", again - ended, below=3)


@contextmanager
def crowd(world):
    """People who open rooms, and wait for the lock. Yields what they are answered, in the end."""
    statuses = []
    with ThreadPoolExecutor(CROWD) as people:
        for n in range(CROWD):
            form = {"name": f"Visitor {n}", "create": "1"}
            asked = people.submit(world.person(f"Visitor {n}").post, "/", form, timeout=LONG)
            asked.add_done_callback(lambda asked: statuses.append(asked.result().status_code))
        yield statuses


@pytest.mark.parametrize("seconds", [pytest.param(12, marks=long)])
@pytest.mark.timeout(120)
def test_whoever_sends_meanwhile_is_told_to_do_so_again(serve, seconds, figure):
    server = serve()
    with World(server, resend=30) as world:
        world.talk(1)
        with locked(server.directory.parent / "parlor.db"):
            began = time.monotonic()
            time.sleep(seconds)
        world.talk(0.5)
        world.finish()
    told = [sender.put_off[0] for sender in world.senders]
    assert {code for _, code in told} == {"retry"}
    worst = max(at for at, _ in told) - began
    figure("locked: the last of 6 senders is told to send again after", worst, below=6)
