"""What was measured in one load: the server's CPU, the generator's, messages and latencies."""

import gc
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

MOST_SHARE = 0.9
"""Of a core, for the generator: beyond, it may have been the generator that was measured."""


@dataclass
class Sample:
    """One run of one load. Times in seconds."""

    seconds: float
    deliveries: int
    messages: int
    server_cpu: float
    load_cpu: float
    latencies: list = field(repr=False, default_factory=list)
    faults: list = field(default_factory=list)

    @property
    def figures(self):
        """{name: number}, in the units that the names say."""
        return {
            "deliveries/s": self.deliveries / self.seconds,
            "messages/s": self.messages / self.seconds,
            "us/delivery": 1e6 * self.server_cpu / max(1, self.deliveries),
            "p50 ms": 1e3 * percentile(self.latencies, 50),
            "p99 ms": 1e3 * percentile(self.latencies, 99),
            "server core": self.server_cpu / self.seconds,
            "load core": self.load_cpu / self.seconds,
        }


def percentile(values, share):
    """The value that `share` per cent of the values do not exceed; not a number where none is."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def medians(runs):
    """The median of each figure over `runs`, dicts with the same names."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


@dataclass
class Reading:
    """All counters at one moment."""

    time: float
    deliveries: int
    server_cpu: float
    load_cpu: float


def read(crowd):
    return Reading(perf_counter(), crowd.deliveries(), crowd.server.cpu(), time.process_time())


def between(crowd, before, after):
    """The Sample of what happened between two Readings."""
    latencies = [latency for talker in crowd.talkers for latency in talker.latencies]
    return Sample(
        seconds=after.time - before.time,
        deliveries=after.deliveries - before.deliveries,
        messages=len(latencies),
        server_cpu=after.server_cpu - before.server_cpu,
        load_cpu=after.load_cpu - before.load_cpu,
        latencies=latencies,
    )


@contextmanager
def without_garbage_collection():
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def watch(crowd, talk, warm_up, seconds):
    """Let the crowd `talk(seconds)`, first to warm up; the Sample, faults and all."""
    with without_garbage_collection():
        talk(warm_up)
        for talker in crowd.talkers:
            talker.latencies.clear()
        before = read(crowd)
        talk(seconds)
        sample = between(crowd, before, read(crowd))
        crowd.stop()
        sample.faults = crowd.settle()
    return sample
