"""Was anything lost or doubled? Pure: numbers and bytes in, sentences about what is wrong out."""

import json
import re
from itertools import pairwise

from bench.wire import MARK

SHOWN = 5
"""Sentences, before the rest is only counted."""

TEXTS = re.compile(rb"(\d{8})(\d{4})" + re.escape(MARK))
PAYLOADS = re.compile(rb'\["message",(\{.*?\})\]')


def miscounts(expected, received):
    """`expected`: messages said in each room; `received`: (room, member, count) of each member."""
    wrong = [
        f"room {room}, member {member}: {count} messages of {expected[room]}"
        for room, member, count in received
        if count != expected[room]
    ]
    return shortened(wrong)


def disorder(transcript, said):
    """What is wrong in all that one member got. `said`: {talker: messages} of its room.

    Each message once; and where the server numbers them, the numbers rise by one.
    """
    seen = {talker: [] for talker in said}
    for counter, talker in TEXTS.findall(transcript):
        seen.setdefault(int(talker), []).append(int(counter))
    wrong = []
    for talker, counters in seen.items():
        wrong += against_once(talker, counters, said.get(talker, 0))
    return shortened(wrong + against_jumps(numbers(transcript)))


def against_once(talker, counters, expected):
    doubled = len(counters) - len(set(counters))
    lost = set(range(expected)) - set(counters)
    foreign = set(counters) - set(range(expected))
    faults = {"doubled": doubled, "lost": len(lost), "never said": len(foreign)}
    return [f"talker {talker}: {count} {what}" for what, count in faults.items() if count]


def numbers(transcript):
    """The `seq` of each message, where the server gives any."""
    payloads = map(json.loads, PAYLOADS.findall(transcript))
    return [payload["seq"] for payload in payloads if "seq" in payload]


def against_jumps(found):
    return [f"number {b} after {a}" for a, b in pairwise(found) if b != a + 1]


def shortened(sentences):
    rest = len(sentences) - SHOWN
    return sentences[:SHOWN] + ([f"and {rest} more"] if rest > 0 else [])
