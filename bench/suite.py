"""All measurements, in turn; `Results` is what came out."""

from collections import defaultdict
from dataclasses import dataclass, field

from bench import arrivals, growth
from bench.load import LoadError
from bench.measure import MOST_SHARE, medians
from bench.peers import PEERS
from bench.runs import CALM, HOT, SMALL
from bench.servers import LOAD_CORE, pinned_to


@dataclass(frozen=True)
class Plan:
    """How much is measured. `idle`, `comeback`: (members, rooms) to do; `peers_idle`: so of peers.

    Seconds are those of one run, after `warm_up` more.
    """

    runs: int
    seconds: float
    warm_up: float
    peers: dict  # load -> names of the peers
    idle: tuple
    peers_idle: tuple
    comeback: tuple
    grows: bool


FULL = Plan(
    runs=3,
    seconds=3,
    warm_up=1,
    peers={
        HOT: ("parlor", "node", "nchan", "loop", "plain"),
        SMALL: ("parlor", "plain", "node", "plain-storing"),
        CALM: ("parlor", "node"),
    },
    idle=((2000, 100), (10_000, 2000)),
    peers_idle=((2000, 100),),
    comeback=((2000, 100), (2000, 1)),
    grows=True,
)
SHORT = Plan(
    runs=1,
    seconds=1.5,
    warm_up=0.5,
    peers={
        HOT: ("parlor", "node", "loop"),
        SMALL: ("parlor", "plain", "node"),
        CALM: ("parlor", "node"),
    },
    idle=((500, 25),),
    peers_idle=(),
    comeback=((500, 25),),
    grows=False,
)


@dataclass
class Results:
    """`figures[what][peer]`: {name: number}, medians of several runs. `notes`: what went wrong."""

    figures: dict = field(default_factory=lambda: defaultdict(dict))
    notes: list = field(default_factory=list)

    def get(self, what, peer, name):
        """One number, or None where it was not measured."""
        return self.figures[what].get(peer, {}).get(name)


class Suite:
    """`tell(line)`: called with each measurement, as it comes."""

    def __init__(self, plan, tell):
        self.plan, self.tell = plan, tell
        self.results = Results()
        self.absent = {name: why for name, peer in PEERS.items() if (why := peer.why_not())}

    def run(self):
        with pinned_to(LOAD_CORE):
            self.notes_on_absent()
            for load, names in self.plan.peers.items():
                self.measure_load(load, names)
            self.measure_memory()
            self.measure_comeback()
            if self.plan.grows:
                self.measure_growth()
        return self.results

    def notes_on_absent(self):
        self.results.notes += [f"{name}: not measured, {why}" for name, why in self.absent.items()]

    def measure(self, what, name, run):
        """Note the figures of `run(peer)`, or why there are none. Returns the figures, or None."""
        if name in self.absent:
            return None
        try:
            figures = run(PEERS[name])
        except (LoadError, RuntimeError, OSError) as error:
            self.results.notes.append(f"{what}, {name}: {error}")
            self.tell(f"{what}  {name}  FAILED: {error}")
            return None
        self.results.figures[what][name] = figures
        self.tell(f"{what}  {name}  {shown(figures)}")
        return figures

    def measure_load(self, load, names):
        """The peers in turn, and that several times: so what disturbs disturbs all."""
        runs = defaultdict(list)
        for _ in range(self.plan.runs):
            for name in names:
                figures = self.measure(load.name, name, lambda peer: self.sample(load, peer))
                if figures:
                    runs[name].append(figures)
        for name, figures in runs.items():
            self.results.figures[load.name][name] = medians(figures)

    def sample(self, load, peer):
        sample = load.run(peer, self.plan.seconds, self.plan.warm_up)
        notes = [f"WRONG: {fault}" for fault in sample.faults]
        if sample.figures["load core"] > MOST_SHARE:
            notes.append("the generator had no time to spare: the server may be faster")
        self.results.notes += [f"{load.name}, {peer.name}: {note}" for note in notes]
        return sample.figures

    def measure_memory(self):
        for place in self.plan.idle:
            names = ("parlor", "plain", "node") if place in self.plan.peers_idle else ("parlor",)
            for name in names:
                self.measure(f"idle {in_words(*place)}", name, memory_of(place))

    def measure_comeback(self):
        for place in self.plan.comeback:
            for name in ("parlor", "plain"):
                self.measure(f"comeback {in_words(*place)}", name, comeback_of(place))

    def measure_growth(self):
        for load in growth.LOADS:
            self.measure(load.name, "parlor", lambda peer, load=load: self.sample(load, peer))
        for stored in growth.STORED:
            self.measure(f"{stored:,} stored", "parlor", pages_of(stored))


def memory_of(place):
    return lambda peer: arrivals.memory_run(peer, spread(*place))


def comeback_of(place):
    return lambda peer: arrivals.comeback_run(peer, spread(*place))


def pages_of(stored):
    return lambda peer: growth.pages_run(peer, stored)


def spread(members, rooms):
    return (members // rooms,) * rooms


def in_words(members, rooms):
    return f"{members:,} in {rooms:,} room{'s' if rooms > 1 else ''}"


def shown(figures):
    return "  ".join(f"{name} {short(value)}" for name, value in figures.items())


def short(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
