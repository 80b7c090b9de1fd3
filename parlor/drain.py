"""The way out of a process that was asked to stop: nothing is lost, and everybody comes back.

Nothing new is let in; what waits to be stored is stored and acknowledged; clients are told to come
back, each at a moment of its own; and their connections are closed as Engine.IO closes them, after
which they do come back (after Socket.IO's `disconnect` a browser would stay away).
"""

import logging
import time

from parlor import admission, relay
from parlor.peers import peers
from parlor.writer import writer

log = logging.getLogger(__name__)

COMMIT_WITHIN = 3
"""Seconds for what is in the writer's line."""

ANSWER_WITHIN = 2
"""Seconds for the requests that are under way, once the sockets are closed."""

LAST_WORDS = 0.2
"""Seconds for what was written last to be on its way."""

BACK_WITHIN = 7
"""Seconds over which clients come back: more than it takes another process to start."""


def drain():
    """Returns when the process may go."""
    admission.close()
    wait_while(lambda: writer.is_busy, COMMIT_WITHIN)
    relay.send_restart(BACK_WITHIN)
    log.info("stopping, %d connections closed", relay.hang_up())
    wait_while(lambda: admission.under_way, ANSWER_WITHIN)
    relay.pause(LAST_WORDS)
    peers.bus.stop()


def wait_while(is_needed, seconds):
    give_up = time.monotonic() + seconds
    while is_needed() and time.monotonic() < give_up:
        relay.pause(0.02)
