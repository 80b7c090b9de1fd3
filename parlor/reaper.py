"""Ends connections that nothing comes of: those that never join, never read, or are silent.

WebSockets of connection.py see to the last two by themselves. Those that Engine.IO serves, long
polls and everything under RELAY=plain, are looked after here; Engine.IO's own monitor would wake up
for each of them all the time. Programs' own (listener.py) are told of time.
"""

import logging
import time

from parlor.frames import GOING_AWAY

log = logging.getLogger(__name__)

JOIN_WITHIN = 5
"""Seconds that a connection may be in no room: not yet, not any more, or because it was refused."""

UNREAD, UNSENT = 1000, 1024 * 1024
"""Packets, and bytes in them, kept for a client who does not read."""


class Reaper:
    def watch(self, server):
        """Look after the clients of `server`, a socketio.Server; its queues get an end."""
        self.manager, self.eio = server.manager, server.eio
        self.strangers = {}  # Engine.IO's sid -> since when it is known to be in no room
        self.eio.start_service_task = False
        self.eio._async = {**self.eio._async, "queue": bounded(self.eio._async["queue"])}

    def look_after_all(self):
        """To be called each second."""
        now = time.monotonic()
        for listener in list(self.manager.listeners.values()):
            attempt(listener.look_after, now)
        for client in list(self.eio.sockets.values()):
            attempt(self.look_after, client)
        for client in self.overdue(now):
            log.info("a connection never joined, and was closed")
            attempt(end, client)

    def hang_up(self):
        """Close all connections so that their clients come back. Returns how many there were."""
        clients = list(self.eio.sockets.values())
        for client in clients:
            attempt(say_goodbye, client)
        listeners = list(self.manager.listeners.values())
        for listener in listeners:
            listener.close(GOING_AWAY)
        return len(clients) + len(listeners)

    def look_after(self, client):
        if client.closed:
            self.eio.sockets.pop(client.sid, None)
        elif getattr(client, "queue", None) and client.queue.is_over:
            log.info("a client does not read, connection closed")
            end(client)
        elif not client.closing:
            client.check_ping_timeout()

    def overdue(self, now):
        """The clients that have been in no room for JOIN_WITHIN."""
        joined = self.manager.rooms.get("/", {}).get(None)
        joined = joined.inverse if joined else {}
        strangers = [sid for sid in list(self.eio.sockets) if sid not in joined]
        self.strangers = {sid: self.strangers.get(sid, now) for sid in strangers}
        late = [sid for sid, since in self.strangers.items() if now - since >= JOIN_WITHIN]
        return [self.eio.sockets[sid] for sid in late if sid in self.eio.sockets]


def attempt(do, *arguments):
    try:
        do(*arguments)
    except Exception:
        log.exception("a client could not be looked after")


def say_goodbye(client):
    client.close(wait=False, abort=client.upgraded)  # long polls are told by a packet


def end(client):
    """Close, and cut the line of whoever does not even take that."""
    client.close(wait=False, abort=True)
    cut = getattr(client, "cut", None)
    if cut:
        cut()


def bounded(queue):
    """The class of Engine.IO's queues. What is too much for one is dropped; its client is next."""

    class Backlog(queue):
        size = 0
        is_over = False  # once something is dropped, reading on is of no use

        def put(self, packet, *options, **more):
            self.is_over |= self.qsize() > UNREAD or self.size > UNSENT
            if packet is None or not self.is_over:
                super().put(packet, *options, **more)

        def _put(self, packet):
            super()._put(packet)
            self.size += length(packet)

        def _get(self):
            packet = super()._get()
            self.size -= length(packet)
            return packet

    return Backlog


def length(packet):
    """In bytes, or somewhat more."""
    text = packet.data if packet and isinstance(packet.data, str) else ""
    return len(text) if text.isascii() else 4 * len(text)
