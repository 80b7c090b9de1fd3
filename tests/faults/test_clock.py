"""The server's clock is wrong by an hour after a restart: nothing is ordered by it."""

import re
import time

import pytest

from tests.faults.conftest import long, on_one_stand
from tests.faults.world import World

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
