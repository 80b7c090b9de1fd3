"""Floods a room, in a process of its own: `python -m tests.faults.flood PORT COOKIE CODE MB`.

Its texts are as long as a message may be; up to WINDOW of them wait for their acknowledgement.
"""

import json
import sys

from tests.faults.link import Link
from tests.support.wire import event

TEXT = "😀" * 4000
"""16,000 bytes: with what is around it just under the largest packet."""

WINDOW = 8


def flood(port, cookie, code, megabytes):
    """Returns once all that is acknowledged. Raises Lost, OSError."""
    link = Link(port, cookie)
    link.send("40" + json.dumps({"room": code}))
    wanted, sent, acknowledged = megabytes * 1_000_000 // len(TEXT.encode()), 0, 0
    while acknowledged < wanted:
        while sent < min(wanted, acknowledged + WINDOW):
            sent += 1
            link.send(event("message", {"data": TEXT, "id": f"flood-{sent}"}, ack=sent))
        for packet in link.receive(10):
            if packet.startswith("43"):
                assert '"ok":true' in packet, packet
                acknowledged += 1
            elif packet == "2":
                link.send("3")
    link.close()


if __name__ == "__main__":
    port, cookie, code, megabytes = sys.argv[1:]
    flood(int(port), cookie, code, int(megabytes))
