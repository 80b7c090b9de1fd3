"""Measure Parlor with ten thousand people, in one process and in several.

python -m bench.scale                     1, 2 and 4 processes, and write bench/results.md
python -m bench.scale --short             a minute
python -m bench.scale --processes 4       that alone; writes nothing
"""

import argparse
import os
import time
from dataclasses import dataclass, field, replace

from bench import scale_report
from bench.cluster import Cluster
from bench.crowds import Crowds, Talk
from bench.load import LoadError, raise_file_limit
from bench.measure import percentile

GENERATORS = 2
"""Processes of the load."""


@dataclass(frozen=True)
class Plan:
    """`rooms` of `size`, in which everybody says something `every` so many seconds; one `large`
    room, in which `messages` a second are said. `rush`: rooms of four where one person says the
    next as soon as the last is acknowledged. `seconds`: {processes: how long}."""

    seconds: dict
    rooms: int = 2000
    size: int = 5
    every: float = 30
    large: int = 1000
    messages: float = 5
    rush: int = 250
    rush_seconds: float = 5
    rest: float = 10

    @property
    def sizes(self):
        return (self.large, *(self.size,) * self.rooms, *(4,) * self.rush)

    @property
    def talking(self):
        return range(1 + self.rooms)

    @property
    def rushing(self):
        return range(1 + self.rooms, len(self.sizes))


FULL = Plan({1: 30, 2: 30, 4: 60})
SHORT = Plan({1: 5, 4: 5}, rooms=200, large=100, rush=50, rush_seconds=2, rest=2)


@dataclass
class Result:
    """What was measured with so many processes: {name: number} of each part; what went wrong."""

    processes: int
    load_before: float = 0
    """The machine's load average: how busy it was with other things."""
    joined: dict = field(default_factory=dict)
    rest: dict = field(default_factory=dict)
    talk: dict = field(default_factory=dict)
    rush: dict = field(default_factory=dict)
    memory: dict = field(default_factory=dict)
    checked: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)


class Run:
    """One cluster, measured: `Run(plan, processes, tell).result`."""

    def __init__(self, plan, processes, tell):
        self.plan, self.tell = plan, tell
        self.result = Result(processes, os.getloadavg()[0])
        with Cluster(processes, plan.sizes) as self.cluster:
            try:
                self.measure()
            except LoadError as error:
                self.result.faults.append(f"{error}\n{self.cluster.log()}")

    def measure(self):
        with Crowds(self.cluster.places(self.plan.rushing), GENERATORS) as self.crowds:
            self.crowds.tell("connect")
            self.rush()
        time.sleep(1)
        before = self.cluster.memory()
        with Crowds(self.cluster.places(self.plan.talking), GENERATORS) as self.crowds:
            self.join()
            self.be_at_rest()
            self.talk()
            self.weigh(before)
            self.check()

    def note(self, part, figures):
        setattr(self.result, part, figures)
        shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self.tell(f"{self.result.processes} processes, {part}: {shown}")

    def cpu(self):
        return {**self.cluster.cpu(), "generator": sum(self.crowds.cpu())}

    def during(self, do):
        """(seconds, {name: seconds of CPU}, {what: how often}, Heard) of what was done."""
        self.crowds.heard()
        counted, begin, before = self.cluster.counters(), time.perf_counter(), self.cpu()
        do()
        after, seconds = self.cpu(), time.perf_counter() - begin
        cpu = {name: after[name] - before[name] for name in after}
        counts = {name: n - counted[name] for name, n in self.cluster.counters().items()}
        return seconds, cpu, counts, self.crowds.heard()

    def rush(self):
        """As fast as it goes."""
        self.crowds.tell("go_on")
        time.sleep(self.plan.rush_seconds / 4)
        seconds, cpu, _, heard = self.during(lambda: time.sleep(self.plan.rush_seconds))
        self.crowds.tell("stop")
        messages = len(heard.answered)
        deliveries = sum(map(len, heard.delivered.values()))
        each = {f"us of {name}": 1e6 * spent / messages for name, spent in together(cpu).items()}
        speed = rates({"messages": messages, "deliveries": deliveries}, seconds)
        self.note("rush", {**speed, **of_times(heard.answered, "answer"), **each})
        time.sleep(1)

    def join(self):
        def connect():
            self.entered = max(self.crowds.tell("connect"))

        _, cpu, _, heard = self.during(connect)
        people = sum(self.plan.sizes[room] for room in self.plan.talking)
        each = {f"us of {name}": 1e6 * spent / people for name, spent in together(cpu).items()}
        self.note(
            "joined",
            {"people": people, "seconds": self.entered, "sent away": heard.sent_away, **each},
        )
        time.sleep(2)  # presence is still told

    def be_at_rest(self):
        seconds, cpu, counts, _ = self.during(lambda: time.sleep(self.plan.rest))
        self.note("rest", {**cores(cpu, seconds), **rates(counts, seconds)})

    def talk(self):
        plan = self.plan
        talk, long = Talk(plan.every, 0, plan.messages), plan.seconds[self.result.processes]
        seconds, cpu, counts, heard = self.during(lambda: self.crowds.tell("talk", talk, long))
        time.sleep(1)
        heard += self.crowds.heard()
        large = heard.delivered.get(0, [])
        small = [one for room, waited in heard.delivered.items() if room for one in waited]
        self.said = heard
        self.note(
            "talk",
            {
                "seconds": seconds,
                "messages/s": len(heard.answered) / long,
                "deliveries/s": (len(small) + len(large)) / long,
                **of_times([*small, *large], "delivery"),
                **of_times(small, "small rooms"),
                **of_times(large, "large room"),
                **of_times(heard.answered, "answer"),
                **of_times(heard.late, "generator late"),
                **cores(cpu, seconds),
                **rates(counts, seconds),
            },
        )

    def weigh(self, before):
        after = self.cluster.memory()
        servers = [name for name in after if name.startswith("server")]
        grown = sum(after[name] - before[name] for name in servers)
        each = {f"{name} MB": size / 1e6 for name, size in after.items()}
        each["KB/connection"] = grown / self.result.joined["people"] / 1000
        each["bytes/message stored"] = self.cluster.bytes_per_message()
        self.note("memory", each)

    def check(self):
        """All that was acknowledged is stored, and has come to everybody who was there."""
        heads = self.cluster.heads()
        behind = [one for part in self.crowds.tell("settle", heads) for one in part]
        self.said += self.crowds.heard()
        faults = [f"room {r}, person {p}: has {has} of {n}" for r, p, has, n in behind]
        for room, number in self.said.heads.items():
            if heads[room] != number:
                faults.append(f"room {room}: {number} acknowledged, {heads[room]} stored")
        if self.said.refused:
            faults.append(f"{self.said.refused} messages were refused")
        self.result.faults += faults
        found = {name: getattr(self.said, name) for name in ("twice", "asked", "caught_up")}
        self.note("checked", {"faults": len(faults), **found})


def together(cpu):
    """The same, all servers as one."""
    servers = sum(spent for name, spent in cpu.items() if name.startswith("server"))
    others = {name: spent for name, spent in cpu.items() if not name.startswith("server")}
    return {"servers": servers, **others}


def cores(cpu, seconds):
    return {f"{name} core": spent / seconds for name, spent in cpu.items()}


def rates(counts, seconds):
    return {f"{name}/s": count / seconds for name, count in counts.items()}


def of_times(waited, what):
    """{"what p50 ms": …} of times in milliseconds."""
    ordered = sorted(waited)
    named = {f"{what} p{share} ms": percentile(ordered, share) for share in (50, 99, 99.9)}
    return {**named, f"{what} max ms": ordered[-1] if ordered else float("nan")}


def main():
    options = read_options()
    plan = SHORT if options.short else FULL
    chosen = options.processes or list(plan.seconds)
    default = plan.seconds[max(plan.seconds)]
    seconds = {n: options.seconds or plan.seconds.get(n, default) for n in chosen}
    plan = replace(plan, seconds=seconds)
    begin = time.monotonic()
    raise_file_limit()
    results = [Run(plan, processes, print).result for processes in chosen]
    print(scale_report.section(results, plan))
    if options.write or not (options.short or options.processes or options.seconds):
        scale_report.write(results, plan)
    print(f"{time.monotonic() - begin:.0f} s")


def read_options():
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m bench.scale", description=__doc__, formatter_class=about
    )
    parser.add_argument("--short", action="store_true", help="a tenth of the people, shortly")
    parser.add_argument("--processes", type=int, nargs="+", help="how many, in turn")
    parser.add_argument("--seconds", type=float, help="of talk")
    parser.add_argument("--write", action="store_true", help="write results.md all the same")
    return parser.parse_args()


if __name__ == "__main__":
    main()
