"""A room full of people who notice when something is lost, doubled or out of order.

    with World(server) as world:            # 6 senders and 3 receivers, all in one room
        world.talk(2)                       # they talk for two seconds, and go on talking
        struck = time.monotonic()
        server.kill_worker()                # the fault
        world.answers_after(struck)         # seconds until something was acknowledged again
        world.talk(2)
        world.finish()                      # AssertionError says what is wrong

Everybody comes back by themselves, whatever happens to the server or the line. `finish` stops the
talk, waits until all outboxes are empty and all receivers have what is stored, and then holds what
senders know and receivers show against the table, read without Parlor's code (`verdict.py`).

`World(server, ...)`: `speak_at`, `listen_at`: where senders and receivers connect, anything with a
`port` and a `host` (a `Proxy`, a second `Server`), or a list of those, which they are spread over;
`server` itself by default. On a `Cluster` they are spread over its processes, and come back to
another one each time; those of a list stay at theirs. `senders`, `receivers`: how many.
`back`, `silence`: as `Client` takes them; `pace`, `window`, `resend`, `size`: as `Sender`. By
default every other sender waits for each answer, the others have up to three texts under way.

To look at: `world.senders` (each with `acks`, `echoes`, `outbox`, `resent`, `put_off`, and
`say()`), `world.receivers` (`shown`, `through`, `discards`, `syncs`, `heads`), all of them
`world.clients` (`arrivals`, `losses`, `refusals`, `presence`, `restarts`).
`world.acks(since, until)` and `world.echoes(since, until)` are those of all; `p99` makes a figure
of them. All moments are time.monotonic().
"""

import time
from contextlib import ExitStack

from tests.faults.receiver import Receiver
from tests.faults.sender import Sender
from tests.faults.tables import stored
from tests.faults.verdict import problems
from tests.support.cluster import Cluster
from tests.support.people import Person

SETTLE = 5
"""Seconds for receivers to have everything: two periods of `head`."""

CALM = 20
"""Seconds for outboxes to be emptied, and for people to come in."""

A_LOOK = 0.02

WINDOWS = (1, 3)


class World:
    def __init__(
        self, server, senders=6, receivers=3, speak_at=None, listen_at=None,
        back=(0.1, 1), silence=None, **talk,
    ):  # fmt: skip
        self.server = server
        self.doors = speak_at or server, listen_at or server
        self.counts = senders, receivers
        self.options = {"back": back, "silence": silence}
        self.talks = talk
        self.people = ExitStack()

    def __enter__(self):
        self.host = self.person("Host")
        self.code = self.host.create()
        speak_at, listen_at = self.doors
        senders, receivers = self.counts
        self.senders = [
            Sender(
                self.member(f"Sender {n + 1}"), self.code, door(speak_at, n), **self.options_of(n)
            )
            for n in range(senders)
        ]
        self.receivers = [
            Receiver(
                self.member(f"Receiver {n + 1}"), self.code, door(listen_at, n), **self.options
            )
            for n in range(receivers)
        ]
        for client in self.clients:
            client.start()
        self.wait_for(lambda: all(client.is_in for client in self.clients), "everybody is in")
        return self

    def __exit__(self, *_):
        self.hush()
        for client in self.clients:
            client.stop()
        for client in self.clients:
            client.join(CALM)
        self.people.close()

    def options_of(self, n):
        return {"window": WINDOWS[n % len(WINDOWS)], **self.talks, **self.options}

    @property
    def clients(self):
        return [*self.senders, *self.receivers]

    def person(self, name):
        """Somebody over HTTP, at the server itself (or at one of a cluster's)."""
        person = Person(self.server.url, name)
        self.people.callback(person.close)
        return person

    def member(self, name):
        person = self.person(name)
        person.join(self.code)
        return person

    # Talk

    def talk(self, seconds=0):
        """Let them talk, for so long and until `hush`."""
        for sender in self.senders:
            sender.is_talking = True
        time.sleep(seconds)

    def hush(self):
        """Nobody says anything new."""
        for sender in self.senders:
            sender.hush()

    # What was seen

    def acks(self, since=0, until=float("inf")):
        """The Acks that came in that time, oldest first."""
        acks = [ack for sender in self.senders for ack in list(sender.acks.values())]
        return sorted(span(acks, since, until), key=lambda ack: ack.at)

    def echoes(self, since=0, until=float("inf")):
        """The Echoes that came in that time, oldest first."""
        return sorted(
            span([echo for one in self.senders for echo in list(one.echoes)], since, until)
        )

    def answers_after(self, moment, patience=CALM):
        """Seconds until a message was acknowledged on a connection made after that moment."""
        return self.wait_for(lambda: self.first_answer(moment), "an answer", patience) - moment

    def first_answer(self, moment):
        """The earliest acknowledgement to somebody who has come back since, or None."""
        moments = []
        for sender in self.senders:
            back = next((at for at, _ in list(sender.arrivals) if at > moment), None)
            acks = [ack.at for ack in list(sender.acks.values()) if back and ack.at > back]
            moments += acks[:1]
        return min(moments, default=None)

    def back_after(self, moment, patience=CALM):
        """For each client, the seconds until it was back in the room; waits for the last."""

        def returns():
            found = [[at for at, _ in list(one.arrivals) if at > moment] for one in self.clients]
            return all(found) and [times[0] - moment for times in found]

        return self.wait_for(returns, "everybody is back", patience)

    def stored(self):
        """(the Rows of the room, its counter), as they are in the database now."""
        return stored(self.server.database_url, self.code)

    # The end

    def finish(self, patience=CALM, settle=SETTLE):
        """Stop the talk, let everything come to rest, and check. Raises AssertionError."""
        self.hush()
        self.until(self.is_calm, patience)
        rows, last_seq = self.stored()
        self.until(lambda: all(one.through >= last_seq for one in self.receivers), settle)
        ended = [client.name for client in self.clients if not client.is_alive()]
        assert not ended, f"the harness itself is broken: {ended}"
        wrong = problems(self.senders, self.receivers, rows, last_seq)
        assert not wrong, "\n".join([f"{len(wrong)} promises broken:", *wrong])
        assert rows, "nothing was said"

    def is_calm(self):
        return not any(sender.outbox for sender in self.senders)

    def wait_for(self, found, what, patience=CALM):
        """What `found()` returns once that is true. Raises AssertionError after so long."""
        result = self.until(found, patience)
        assert result, f"waited {patience} s, and not: {what}; {self.state()}"
        return result

    def until(self, found, patience):
        deadline = time.monotonic() + patience
        while not (result := found()) and time.monotonic() < deadline:
            time.sleep(A_LOOK)
        return result

    def state(self):
        """How everybody is: for messages of failed tests."""
        return "; ".join(
            f"{one.name} {'in' if one.is_in else 'out'} {one.losses[-1:]} {one.refusals[-1:]}"
            for one in self.clients
        )


def door(place, n):
    """Where the nth of many connects."""
    if isinstance(place, Cluster):
        return place.door(n)
    return place[n % len(place)] if isinstance(place, list) else place


def span(things, since, until):
    return [thing for thing in things if since < thing.at <= until]


def p99(seconds):
    """The 99th percentile."""
    ordered = sorted(seconds)
    assert ordered, "nothing was measured"
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
