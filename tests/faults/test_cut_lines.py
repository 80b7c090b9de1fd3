"""The line between people and server: reset, silent, slow."""

import time

import pytest

from tests.faults.conftest import on_one_stand
from tests.faults.proxy import Proxy
from tests.faults.world import CALM, World

pytestmark = on_one_stand

LONG = 30
"""Seconds without a line."""

GRACE = 10
"""What LEAVE_GRACE is by default."""


def cut(line):
    line.cut()


def hang(line):
    line.hang()


def play(server, faults, seconds, **options):
    """Talk between faults that last so long for everybody. Returns when all were back, after each.

    Seconds from the moment at which the line was whole again.
    """
    returns = []
    with Proxy(server) as line, World(server, speak_at=line, listen_at=line, **options) as world:
        world.talk(0.5)
        for fault in faults:
            fault(line)
            time.sleep(seconds)
            line.heal()
            returns.append(max(world.back_after(time.monotonic(), patience=2 * LONG)))
            time.sleep(0.5)
        world.finish()
    return returns


def test_short_cuts_heal(serve):
    """Whoever hears nothing for a second gives the line up."""
    play(serve(), [cut, hang], 2, silence=1)


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("fault", [cut, hang])
def test_a_long_cut_heals(serve, fault, figure):
    """As silent as it may be: what tells is the ping, every 20 s, and 15 s of patience."""
    [after] = play(serve(), [fault], LONG)
    figure(f"back after {LONG} s of {fault.__name__}", after, below=LONG)


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_ghost_is_gone_in_time(serve, figure):
    """Receiver 1's line falls silent right after it was opened: the first ping is 20 s away."""
    server = serve(LEAVE_GRACE=GRACE)
    with Proxy(server) as line, World(server, receivers=1, listen_at=line) as world:
        hung = time.monotonic()
        line.hang()
        [ghost] = world.receivers
        world.talk()
        gone = world.wait_for(lambda: told_left(world.senders[0], ghost), "it has left", 2 * LONG)
        line.heal()
        world.finish(settle=CALM)
    figure("a ghost is gone from the others' presence after", gone - hung, below=40)


def told_left(client, other):
    """When a client was told that another one has left, or None."""
    for at, presence in list(client.presence):
        if other.user_id in [person["user_id"] for person in presence["left"]]:
            return at
    return None


@pytest.mark.long
def test_a_slow_line_loses_nothing(serve):
    """At 1 KB a second a message takes a while, and is sent again before its answer is there."""
    with (
        Proxy(server := serve()) as line,
        World(server, senders=3, speak_at=line, pace=0.3, resend=0.3) as world,
    ):
        line.slow(1000)
        world.talk(2)
        line.slow(None)
        world.finish()
        assert any(sender.resent for sender in world.senders), "it was not slow"
