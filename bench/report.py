"""What was asked, and what was got: the table that is printed, and bench/results.md."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from bench import growth
from bench.peers import PEERS
from bench.servers import CORES, ROOT
from bench.suite import in_words, short, shown

RESULTS = Path(__file__).with_name("results.md")
SCALE = "## Ten thousand people, several processes"
"""The heading of what `make bench-scale` writes, under everything else."""

PACKAGES = ("Flask", "Flask-SocketIO", "python-socketio", "python-engineio", "eventlet", "gunicorn")


class Row(NamedTuple):
    """`met`: whether it is what was asked; None where nothing was, or nothing was measured."""

    goal: str
    what: str
    asked: str
    got: str
    met: bool | None = None

    def cells(self):
        mark = {True: "yes", False: "NO", None: ""}[self.met]
        return (self.goal, self.what, self.asked, self.got, mark)


HEADS = ("goal", "what", "asked", "got", "met")


def rows(results, plan):
    return [
        *hot_rows(results),
        *small_rows(results),
        *calm_rows(results),
        *memory_rows(results, plan),
        *comeback_rows(results, plan),
        *(growth_rows(results) if plan.grows else []),
    ]


def hot_rows(results):
    for peer, least in (("node", 15), ("nchan", 2), ("loop", 0.25)):
        yield ratio(results, "1 hot room", "hot", "deliveries/s", peer, least)
    yield less(results, "1 hot room", "hot", "p99 ms", "node")
    yield number(results, "1 hot room", "hot", "us/delivery")


def small_rows(results):
    for peer, least in (("plain", 3), ("node", 1), ("plain-storing", None)):
        yield ratio(results, "2 small rooms", "small", "messages/s", peer, least)


def calm_rows(results):
    yield number(results, "3 calm", "calm", "p50 ms")
    yield number(results, "3 calm", "calm", "p99 ms", most=5)
    yield less(results, "3 calm", "calm", "p99 ms", "node")


def memory_rows(results, plan):
    for members, rooms in plan.idle:
        what = f"idle {in_words(members, rooms)}"
        most = {2000: 14, 10_000: 10}.get(members)
        yield number(results, "4 memory", what, "KB/connection", most=most)
        for peer in ("plain", "node"):
            if results.get(what, peer, "KB/connection") is not None:
                yield number(results, "4 memory", what, "KB/connection", peer=peer)


def comeback_rows(results, plan):
    for members, rooms in plan.comeback:
        what, goal = f"comeback {in_words(members, rooms)}", "5 comeback"
        yield number(results, goal, what, "seconds", most=4)
        yield number(results, goal, what, "missing", most=0)
        yield number(results, goal, what, "presence frames")
        yield ratio(results, goal, what, "joins/s", "plain", 2)


def growth_rows(results):
    for load in growth.LOADS:
        yield number(results, "6 growth", load.name, "us/delivery")
    least, most = (f"{stored:,} stored" for stored in growth.STORED)
    for name, value in results.figures[most].get("parlor", {}).items():
        before = results.get(least, "parlor", name)
        got = f"{short(value)} ms" + (f", was {short(before)} ms" if before else "")
        yield Row("6 growth", f"{most}: {name}", "", got)


def ratio(results, goal, what, name, peer, least):
    """How many times a peer's number Parlor's is, and whether it is at least as often as asked."""
    ours, theirs = results.get(what, "parlor", name), results.get(what, peer, name)
    asked = "" if least is None else f"{least:g} x"
    if not ours or not theirs:
        return Row(goal, f"{what}: {name} / {peer}", asked, "not measured")
    times = ours / theirs
    got = f"{times:.3g} x ({short(ours)} / {short(theirs)})"
    met = None if least is None else times >= least
    return Row(goal, f"{what}: {name} / {peer}", asked, got, met)


def less(results, goal, what, name, peer):
    ours, theirs = results.get(what, "parlor", name), results.get(what, peer, name)
    if ours is None or theirs is None:
        return Row(goal, f"{what}: {name}, {peer}", "below", "not measured")
    asked = f"< {short(theirs)}"
    return Row(goal, f"{what}: {name}, {peer}", asked, short(ours), ours < theirs)


def number(results, goal, what, name, most=None, peer="parlor"):
    value = results.get(what, peer, name)
    asked = "" if most is None else f"<= {most:g}"
    said = f"{what}: {name}" + (f", {peer}" if peer != "parlor" else "")
    if value is None:
        return Row(goal, said, asked, "not measured")
    return Row(goal, said, asked, short(value), None if most is None else value <= most)


# On the screen, and in the file.


def as_text(table):
    lines = [HEADS, *(row.cells() for row in table)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_markdown(cells):
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def write(results, table, plan):
    measured = [
        (what, peer, shown(figures))
        for what, peers in results.figures.items()
        for peer, figures in peers.items()
    ]
    rule = ("---",) * len(HEADS)
    parts = [
        "# What was measured",
        "Written by `make bench`; what it does stands in `bench/`.",
        "\n".join(f"- {line}" for line in circumstances(plan)),
        "## Goals",
        as_markdown([HEADS, rule, *(row.cells() for row in table)]),
        "## All figures",
        "Of each server: the median of its runs. `us` are microseconds of the server's CPU; "
        "`server core` and `load core` the shares of their cores that server and generator used.",
        as_markdown([("load", "server", "figures"), rule[:3], *measured]),
        "## Notes",
        "\n".join(f"- {note}" for note in results.notes) or "None: nothing lost, nothing doubled.",
    ]
    RESULTS.write_text("\n\n".join([*parts, *scale_section()]) + "\n")


def scale_section():
    """What `make bench-scale` has written stays."""
    _, heading, rest = RESULTS.read_text().partition(SCALE)
    return [f"{heading}{rest}".rstrip()] if heading else []


def circumstances(plan):
    """Machine, versions, date: what the numbers hang on."""
    commit = output("git", "rev-parse", "--short", "HEAD")
    return [
        f"Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Parlor: {commit}.",
        f"Machine: {machine()}.",
        f"{packages()}.",
        f"Node {output('node', '--version')}, nginx {output('/usr/sbin/nginx', '-v')}.",
        f"{plan.runs} runs of {plan.seconds:g} s each, servers in turn; one core for the server, "
        "one for the generator, which does not offer permessage-deflate.",
        "Stored: " + "; ".join(f"{p.name}: {p.storing}" for p in PEERS.values()) + ".",
    ]


def machine():
    return f"{processor()}, {len(CORES)} cores; {platform.system()} {platform.release()}"


def packages():
    found = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"Python {platform.python_version()}, {found}"


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def output(*command):
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return "not there"
    return (done.stdout or done.stderr).strip().removeprefix("nginx version: nginx/")
