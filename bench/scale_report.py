"""The section of bench/results.md that `make bench-scale` writes."""

from datetime import UTC, datetime

from bench.report import HEADS, RESULTS, SCALE, Row, as_markdown, machine, output, packages
from bench.suite import short
from tests.support.postgres import find_binaries

MOST_MS = 100
"""From being said to being seen, by all but one of a hundred."""

TALK = (
    ("messages/s", "messages/s"),
    ("deliveries/s", "deliveries/s"),
    ("from said to seen", "delivery"),
    ("in the small rooms", "small rooms"),
    ("in the large room", "large room"),
    ("from said to acknowledged", "answer"),
    ("said later than planned", "generator late"),
)
COSTS = (" core", " MB", "KB/connection", "stored", "commits/s", "commands/s")
SHARES = ("p50", "p99", "p99.9", "max")


def section(results, plan):
    parts = [
        SCALE,
        "Written by `make bench-scale`; what it does stands in `bench/scale.py`.",
        "\n".join(f"- {line}" for line in circumstances(results, plan)),
        as_markdown([HEADS, ("---",) * len(HEADS), *(row.cells() for row in rows(results))]),
        "### While they talk",
        table(results, talk_lines(results)),
        "### What it costs",
        "Cores: seconds of CPU a second, of each process with its children. Memory: what several "
        "share is counted in parts (PSS), with everybody connected.",
        table(results, cost_lines(results)),
        "### As fast as it goes",
        f"{plan.rush} rooms of four, whose people are spread over the processes; one talks in "
        "each, and says the next when the last is acknowledged. All programs share the cores.",
        table(results, lines_of(results, "rush")),
        *faults_of(results),
    ]
    return "\n\n".join(parts)


def circumstances(results, plan):
    postgres = output(str(find_binaries() / "postgres"), "--version")
    redis = output("redis-server", "--version").split(" sha=")[0]
    commit = output("git", "rev-parse", "--short", "HEAD")
    return [
        f"Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Parlor: {commit}.",
        "Load average before each run, by other programs: "
        + ", ".join(f"{result.load_before:.1f}" for result in results)
        + ". Where it is not near 0, they took part of the time.",
        f"Machine: {machine()}. {postgres}, fsync=on; {redis}; {packages()}.",
        f"{plan.rooms * plan.size:,} people in {plan.rooms:,} rooms of {plan.size}: each says "
        f"something every {plan.every:g} s. A room of {plan.large:,} more, in which "
        f"{plan.messages:g} messages a second are said. All are Socket.IO clients on WebSockets, "
        "each with a session of their own; the people of a room are spread over all processes.",
        "Each process is a gunicorn of its own; one alone has no Redis. Servers, Postgres, Redis "
        "and the generator (two processes) share the cores, nothing is pinned.",
        "Everybody checks the numbers of what they see; at the end everybody must have all that "
        "was acknowledged.",
    ]


def rows(results):
    """What was asked, against what was got."""
    for result in results:
        what, p99 = named(result), result.talk.get("delivery p99 ms", float("nan"))
        if result.processes > 1:
            yield Row("7 scale", f"{what}: p99 ms", f"< {MOST_MS}", short(p99), p99 < MOST_MS)
        lost = len(result.faults)
        yield Row("7 scale", f"{what}: faults", "<= 0", short(lost), not lost)


def named(result):
    return f"{result.processes} process{'es' if result.processes > 1 else ''}"


def table(results, lines):
    heads = ("", *map(named, results))
    return as_markdown([heads, ("---",) * len(heads), *lines])


def talk_lines(results):
    for said, what in TALK:
        if what.endswith("/s"):
            yield (said, *(short(result.talk.get(what, float("nan"))) for result in results))
        else:
            yield (f"{said}, ms: {', '.join(SHARES)}", *(times(r.talk, what) for r in results))
    for what in ("twice", "asked", "caught_up"):
        yield (SAID[what], *(short(r.checked.get(what, float("nan"))) for r in results))


SAID = {
    "twice": "messages that came twice",
    "asked": "times that somebody asked for what was left out",
    "caught_up": "messages that came so",
}


def times(figures, what):
    return ", ".join(short(figures.get(f"{what} {share} ms", float("nan"))) for share in SHARES)


def cost_lines(results):
    for part, said in (("rest", "at rest"), ("talk", "while they talk"), ("memory", "")):
        for line in lines_of(results, part, only=COSTS):
            yield (f"{line[0]}{said and ', '}{said}", *line[1:])
    yield from lines_of(results, "joined", before="everybody comes at once: ")


def lines_of(results, part, only=("",), before=""):
    """A line for each figure of a part, in the order in which the largest run has them."""
    parts = [getattr(result, part) for result in results]
    longest = max(parts, key=len)
    for name in [name for name in longest if name.endswith(only)]:
        yield (
            before + name,
            *(short(figures[name]) if name in figures else "" for figures in parts),
        )


def faults_of(results):
    faults = [f"- {named(result)}: {fault}" for result in results for fault in result.faults]
    return (
        ["### Faults", "\n".join(faults)] if faults else ["Nothing was lost, nobody was refused."]
    )


def write(results, plan):
    """Put the section in the place of the last one."""
    above = RESULTS.read_text().partition(SCALE)[0].rstrip()
    RESULTS.write_text(f"{above}\n\n{section(results, plan)}\n")
