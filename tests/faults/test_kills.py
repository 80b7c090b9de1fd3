"""A worker that is killed at random instants."""

import random
import statistics
import time

import pytest

from tests.faults.world import World


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=[pytest.mark.long])])
@pytest.mark.timeout(300)
def test_nothing_is_lost_when_workers_are_killed(serve, kills, figure):
    server = serve()
    answers = []
    with World(server, pace=0.05) as world:
        world.talk(0.5)
        for _ in range(kills):
            time.sleep(random.uniform(0.1, 1))
            struck = time.monotonic()
            server.kill_worker()
            answers.append(world.answers_after(struck))
        world.talk(0.5)
        world.finish()
    figure("answers again, as a rule, after", statistics.median(answers), below=3)
    figure("answers again, at worst, after", max(answers), below=3)
