"""The loads: which rooms, who talks, and how."""

from dataclasses import dataclass

from bench.load import Crowd, Member
from bench.measure import watch
from bench.servers import Server

SAMPLED = 3
"""Members of whom every byte is kept and checked."""


@dataclass(frozen=True)
class Load:
    """Members in rooms of `sizes`; the first `talkers` of each room talk.

    `under_way`: messages of each talker, in a closed loop; or `rate`: messages a second in all.
    `rooms_that_talk`: the first ones; by default all.
    """

    name: str
    sizes: tuple
    talkers: int
    under_way: int = 0
    rate: int = 0
    rooms_that_talk: int | None = None

    def run(self, peer, seconds, warm_up=1, acks=False):
        """Start the peer, and run on it. Returns the measure.Sample."""
        with Server(peer, self.sizes) as server:
            return self.run_on(server, seconds, warm_up, acks)

    def run_on(self, server, seconds, warm_up, acks=False):
        """Connect everybody, and let them talk."""
        with Crowd(server, acks) as crowd:
            self.gather(crowd)
            return watch(crowd, self.talk_in(crowd), warm_up, seconds)

    def gather(self, crowd):
        talkers = [person for person in crowd.server.people if self.is_talker(person)]
        listeners = [person for person in crowd.server.people if not self.is_talker(person)]
        crowd.connect_talkers(talkers)
        listening = crowd.connect(listeners, Member)
        for member in listening[:: max(1, len(listening) // SAMPLED)]:
            member.transcript = []
        crowd.quiet_down()

    def is_talker(self, person):
        talks = self.rooms_that_talk is None or person.room < self.rooms_that_talk
        return talks and person.number < self.talkers

    def talk_in(self, crowd):
        if self.rate:
            return lambda seconds: crowd.talk_at(self.rate, seconds)
        return lambda seconds: crowd.talk(self.under_way, seconds)


HOT = Load("hot", (200,), talkers=8, under_way=4)
SMALL = Load("small", (4,) * 250, talkers=1, under_way=1)
CALM = Load("calm", (4,) * 250, talkers=1, rate=800)
LOADS = {load.name: load for load in (HOT, SMALL, CALM)}
