"""SQLite's file is locked by another process: nothing can be stored, and nobody else notices."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

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
        with Crowd(world) as crowd, locked(server.directory.parent / "parlor.db"):
            began = time.monotonic()
            crowd.ask(within=seconds / 2)
            time.sleep(seconds)
            ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        world.talk(0.5)
        world.finish()
    assert crowd.statuses <= {303, 503}
    assert not world.acks(since=began + 0.3, until=ended), "something was stored behind the lock"
    for what in ("typing", "sync", *PAGES):
        figure(f"locked: p99 of {what}", p99(watch.took(what, began, ended)), below=0.25)
    figure("locked: stored again after", again - ended, below=3)


class Crowd(ThreadPoolExecutor):
    """People who open rooms, one after the other, and so wait for the lock."""

    def __init__(self, world):
        super().__init__(CROWD)
        self.people = [world.person(f"Visitor {n}") for n in range(CROWD)]
        self.asked = []

    def ask(self, within):
        pauses = [within * n / CROWD for n in range(CROWD)]
        self.asked = list(map(self.submit, repeat(self.open_room), self.people, pauses))

    def open_room(self, person, pause):
        time.sleep(pause)
        form = {"name": person.name, "create": "1"}
        return person.post("/", form, timeout=LONG).status_code

    @property
    def statuses(self):
        """What they were answered."""
        return {asked.result() for asked in self.asked}


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
