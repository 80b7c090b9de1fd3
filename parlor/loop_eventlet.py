"""The event loop of gunicorn's eventlet worker, as wire.py uses it."""

import os
from functools import partial

from eventlet import getcurrent, hubs, monkey_patch, patcher, queue, sleep, spawn_n, tpool

SOCKET_IO_MODE = "eventlet"

patch = monkey_patch
elsewhere = tpool.execute
write_now = patcher.original("os").write

socket = patcher.original("socket")


def waker():
    """What has the greenlet that calls this go on, when it sleeps."""
    return partial(hubs.get_hub().schedule_call_global, 0, getcurrent().switch)


def take(request):
    """The request's socket under a descriptor of its own, which the worker does not close.

    Raises OSError where there is none left.
    """
    fd = os.dup(request.fileno())
    return socket.socket(request.family, request.type, request.proto, fileno=fd)


class Loop:
    """The loop of this process.

    `soon(function)`: call it in the next turn; `pause()`: let the loop go on, until somebody
    switches back.
    """

    Queue, sleep, spawn = queue.Queue, staticmethod(sleep), staticmethod(spawn_n)

    def __init__(self):
        self.hub = hubs.get_hub()
        self.soon = partial(self.hub.schedule_call_global, 0)
        self.pause = self.hub.switch
        self.unwatch = self.hub.remove

    def watch(self, kind, fd, callback):
        """Have `callback(fd)` called whenever one can "read" or "write". Returns the watch."""
        listener = self.hub.add(kind, fd, callback, obsolete, None)
        listener.greenlet = self.hub.greenlet  # not that of the request, which has ended
        return listener


def obsolete(*error):
    """What a listener is told whose file is gone. Ours are taken away before that."""
