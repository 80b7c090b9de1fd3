"""The event loop of gunicorn's gevent worker, as wire.py uses it. See loop_eventlet.py."""

import os
from functools import partial

import gevent
from gevent import monkey, queue

SOCKET_IO_MODE = "gevent"

READ, WRITE = 1, 2

patch = monkey.patch_all
write_now = os.write

Socket = monkey.get_original("socket", "socket")


def elsewhere(function, *args):
    return gevent.get_hub().threadpool.apply(function, args)


def waker():
    """What ends the greenlet that calls this, when it sleeps: it would not go on before time."""
    return partial(gevent.get_hub().loop.run_callback, gevent.getcurrent().throw, SystemExit(0))


def take(request):
    """The request's socket, of which the worker is left nothing to close."""
    return Socket(request.family, request.type, request.proto, fileno=request.detach())


class Loop:
    Queue, sleep, spawn = (
        queue.SimpleQueue,
        staticmethod(gevent.sleep),
        staticmethod(gevent.spawn_raw),
    )

    def __init__(self):
        hub = gevent.get_hub()
        self.loop = hub.loop
        self.soon = hub.loop.run_callback
        self.pause = hub.switch

    def watch(self, kind, fd, callback):
        watcher = self.loop.io(fd, READ if kind == "read" else WRITE)
        watcher.start(callback, fd)
        return watcher

    def unwatch(self, watcher):
        watcher.close()
