"""The server's clock is wrong by an hour after a restart: nothing is ordered by it."""

import re
import time

import pytest

from tests.faults.conftest import long, on_one_stand
from tests.faults.world import World
from tests.support.across import is_open

UNTIL_ADOPTED = 25
"""Seconds in which the process on duty has looked for rooms that it does not know."""

HOUR = 3600


@on_one_stand
@pytest.mark.parametrize("hours", [[-1], pytest.param([-1, 1, 0], marks=long)])
@pytest.mark.timeout(120)
def test_a_clock_that_is_set_back_or_forth_changes_no_order(serve, hours):
    server = serve()
    server.serves = "tests.faults.clocks:app"
    with World(server) as world:
        world.talk(1)
        for each in hours:
            server.settings["CLOCK_OFFSET"] = str(each * HOUR)
            struck = time.monotonic()
            server.restart()
            world.answers_after(struck)
            world.talk(1)
        world.hush()
        page = world.host.get(f"/room/{world.code}")
        world.finish()
    shown = world.receivers[0].shown
    times = [shown[seq]["timestamp"] for seq in sorted(shown)]
    assert page.status_code == 200, "whoever was in is in"
    seqs = [int(seq) for seq in re.findall(r'data-seq="(\d+)"', page.text)]
    assert len(seqs) == 50
    assert seqs == list(range(seqs[0], seqs[0] + 50))
    assert times != sorted(times), "the clock was right"


@long
@pytest.mark.parametrize(("hours", "closes"), [(-1, True), (1, False)])
@pytest.mark.timeout(120)
def test_a_process_whose_clock_is_wrong_closes_rooms_when_it_should(
    start_server, postgres, redis, person, hours, closes
):
    """It is the first, so it is on duty, and closes the rooms of the other, too."""
    places = {"DATABASE_URL": postgres.fresh_database(), "REDIS_URL": redis.url}
    places["ROOM_GRACE"] = 2 if closes else 600
    wrong = {"serves": "tests.faults.clocks:app", "CLOCK_OFFSET": hours * HOUR}
    start_server(name="wrong", **wrong, **places).wait_until_up("/readyz")
    alice = person("Alice", start_server(name="right", **places))
    code = alice.enter()
    alice.tab.close()
    left = time.monotonic()
    while is_open(places["DATABASE_URL"], code) and time.monotonic() < left + UNTIL_ADOPTED:
        time.sleep(0.5)
    assert is_open(places["DATABASE_URL"], code) != closes
