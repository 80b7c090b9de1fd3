"""How many files this process may open, and what for: a WebSocket is one, a request is one."""

import resource

MOST = 20_000
"""Files that are of use to one process."""

OTHERS = 100
"""Files for everything else: the database, logs, the event loop."""

THREADS = 400
"""Where the worker has no loop: each request holds one, and each WebSocket is a request."""


def raise_limit():
    """Raise the limit of open files as far as it is allowed and of use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))


def limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def requests():
    """Requests at a time, long polls among them."""
    return min(2000, limit() // 4)


def listeners():
    """How many of these may be WebSockets of programs (parlor/ws.py), which last."""
    return requests() // 4


def websockets():
    """WebSockets at a time. The next one is refused: out of files, nobody could be accepted."""
    return limit() - requests() - OTHERS


def lasting():
    """Of the THREADS, how many may be held by what lasts: the others are for what is quick."""
    return THREADS * 3 // 4
