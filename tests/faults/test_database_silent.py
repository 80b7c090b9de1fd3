"""Postgres stands still, or is started anew: senders are told soon, and nobody else notices."""

import time

import pytest

from tests.faults.conftest import long
from tests.faults.watch import AGAIN, PAGES, Watch
from tests.faults.world import World, p99

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize(
        "stand",
        [
            pytest.param(("postgres", "fast"), id="fast"),
            pytest.param(("postgres", "plain"), id="plain", marks=long),
        ],
        indirect=True,
    ),
]


@pytest.mark.parametrize("seconds", [5, pytest.param(20, marks=long)])
def test_postgres_stands_still(serve, postgres, seconds, figure):
    server = serve()
    with World(server, resend=30) as world, Watch(world, [*PAGES, "/readyz"], posts=True) as watch:
        world.talk(1)
        with postgres.frozen():
            began = time.monotonic()
            time.sleep(seconds)
            ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        world.talk(1)
        world.finish()
    assert all(sender.put_off for sender in world.senders)
    assert {code for sender in world.senders for _, code in sender.put_off} == {"retry"}
    assert not any(client.losses for client in world.clients)
    figure("frozen: a sender is told at worst after", longest_wait(world, began), below=6)
    note_what_went_on(watch, began, again, figure)
    for what in ("/readyz", "POST"):
        answers = watch.answers(what, began)
        assert not all(ok for ok, _ in answers), f"{what} was well while the database hung"
        assert answers[-1][0], f"{what} was not well afterwards"
        figure(f"frozen: {what} answers after", max(took for _, took in answers), below=6)
    figure("frozen: stored again after", again - ended, below=3)
    figure("frozen: lines in the log", len(complaints(server)), below=seconds * 4, unit="")


@pytest.mark.parametrize("mode", ["immediate", pytest.param("fast", marks=long)])
@pytest.mark.parametrize("seconds", [1, pytest.param(5, marks=long)])
def test_postgres_is_started_anew(serve, postgres, mode, seconds, figure):
    server = serve()
    with World(server, resend=30) as world, Watch(world) as watch:
        world.talk(1)
        began = time.monotonic()
        postgres.stop(mode)
        time.sleep(seconds)
        postgres.start()
        ended = time.monotonic()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        world.talk(1)
        world.finish()
    assert {code for sender in world.senders for _, code in sender.put_off} == {"retry"}
    assert not any(client.losses for client in world.clients)
    figure("restarted: a sender is told at worst after", longest_wait(world, began), below=6)
    note_what_went_on(watch, began, again, figure)
    figure("restarted: stored again after", again - ended, below=3)
    figure("restarted: lines in the log", len(complaints(server)), below=seconds * 4 + 10, unit="")


def note_what_went_on(watch, began, ended, figure):
    figure("meanwhile: health at worst", max(watch.took("/healthz", began, ended)), below=0.25)
    for what in ("typing", *PAGES):
        figure(f"meanwhile: p99 of {what}", p99(watch.took(what, began, ended)), below=0.25)


def longest_wait(world, began):
    """Seconds until a sender was refused, at worst: from the fault, or from when it sent again."""
    waits = []
    for sender in world.senders:
        asked = began
        for at, _ in sender.put_off:
            waits.append(at - asked)
            asked = at + AGAIN
    return max(waits)


def complaints(server):
    """Lines of the log that are no requests."""
    lines = server.log().splitlines()
    return [line for line in lines if " ERROR " in line or " WARNING " in line]
