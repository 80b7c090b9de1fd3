"""Measure Parlor under each of gunicorn's workers, in turn, for docs/decisions/0019.

python -m bench.workers             everything, as a table (ten minutes)
python -m bench.workers --short     one short run of each
python -m bench.workers --workers eventlet,gevent

In crowds that gthread can hold, and in the larger ones of `make bench` without it.
"""

import argparse
import time
from collections import defaultdict
from functools import partial

from bench.arrivals import comeback_run, memory_run
from bench.load import Crowd, LoadError
from bench.measure import medians
from bench.peers import Parlor
from bench.runs import CALM, HOT, SMALL, Load
from bench.servers import LOAD_CORE, QUICK, Server, pinned_to
from bench.suite import shown

WORKERS = ("eventlet", "gevent", "gthread")

FEW, MANY = (4,) * 60, (100,) * 20
"""Rooms: gthread holds 300 connections."""

FEW_SMALL = Load("small, 240 people", FEW, talkers=1, under_way=1)
FEW_CALM = Load("calm, 240 people", FEW, talkers=1, rate=200)

TOLD = {
    "hot": ("deliveries/s", "us/delivery", "p99 ms"),
    "small": ("messages/s", "us/delivery", "p99 ms"),
    "calm": ("us/delivery", "p50 ms", "p99 ms"),
}
"""What is shown of each load, by the first word of its name."""


class Under(Parlor):
    """Parlor, under one of the workers."""

    def __init__(self, worker):
        self.worker = worker

    def environment(self, server):
        return {**super().environment(server), "WORKER": self.worker, "REDIS_URL": ""}

    def command(self, server):
        return [*super().command(server), "-k", self.worker]


def main():
    options = read_options()
    figures = defaultdict(lambda: defaultdict(list))
    with pinned_to(LOAD_CORE):
        for _ in range(1 if options.short else 3):
            for what, run, workers in measurements(1 if options.short else 3, options.only):
                for worker in [one for one in workers if one in options.workers.split(",")]:
                    if found := attempt(what, worker, run):
                        figures[what][worker].append(found)
    print("", *table(figures, options.workers.split(",")), sep="\n")


def read_options():
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m bench.workers", description=__doc__, formatter_class=about
    )
    parser.add_argument("--short", action="store_true", help="one short run of each")
    parser.add_argument("--only", default="", help="what begins so: hot, small, idle ...")
    parser.add_argument("--workers", default=",".join(WORKERS), help="these alone")
    return parser.parse_args()


def measurements(seconds, only):
    """(what, run(peer) -> figures, workers) of each whose name begins so."""
    return [one for one in all_measurements(seconds) if one[0].startswith(only)]


def all_measurements(seconds):
    loops = WORKERS[:2]
    yield "hot, 200 people", partial(talk, HOT, seconds), WORKERS
    for load, workers in (
        (FEW_SMALL, WORKERS), (FEW_CALM, WORKERS), (SMALL, loops), (CALM, loops),
    ):  # fmt: skip
        yield load.name, partial(talk, load, seconds), workers
    for sizes, workers in ((FEW, WORKERS), (MANY, loops)):
        people = f"{sum(sizes):,} people"
        yield f"idle, {people}", lambda peer, sizes=sizes: memory_run(peer, sizes), workers
        yield f"comeback, {people}", partial(come_back, sizes), workers
        yield f"stop, {people}", partial(stop_run, sizes), workers


def talk(load, seconds, peer):
    sample = load.run(peer, seconds)
    for fault in sample.faults:
        print(f"  WRONG: {fault}")
    names = next(names for kind, names in TOLD.items() if load.name.startswith(kind))
    return {name: sample.figures[name] for name in names}


def come_back(sizes, peer):
    figures = comeback_run(peer, sizes)
    return {name: figures[name] for name in ("seconds", "missing")}


def stop_run(sizes, peer):
    """Seconds from SIGTERM to the end of the process, with everybody connected."""
    with Server(peer, sizes) as server, Crowd(server) as crowd:
        crowd.connect(server.people)
        asked = time.monotonic()
        server.process.terminate()
        server.process.wait(QUICK)
        return {"seconds": time.monotonic() - asked}


def attempt(what, worker, run):
    """The figures, or None, which is told."""
    try:
        found = run(Under(worker))
    except (LoadError, RuntimeError, OSError) as error:
        print(f"{what}  {worker}  FAILED: {error}", flush=True)
        return None
    print(f"{what}  {worker}  {shown(found)}", flush=True)
    return found


def table(figures, workers):
    """The medians, as lines of Markdown."""
    yield f"| | {' | '.join(workers)} |"
    yield "|---" * (len(workers) + 1) + "|"
    for what, by_worker in figures.items():
        cells = [shown(medians(by_worker[one])) if by_worker[one] else "" for one in workers]
        yield f"| {what} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
