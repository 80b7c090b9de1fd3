"""Fan-out: an event for a room becomes one frame, and one write per member and turn of the loop.

The frame is built once per event. What piled up for a room while the loop was busy goes out in one
`send` per member; a room that is idle waits for nothing. Clients on long-polling, and everybody
under RELAY=plain, are served by Engine.IO's queues, in the same order.
"""

import logging
from threading import Lock

from engineio import packet as engine_packet
from socketio import Manager

from parlor import dialect
from parlor.frames import frame, text_of
from parlor.transport import CLIENT_GONE

log = logging.getLogger(__name__)


class Audience:
    """The members of one Socket.IO room, by their Socket.IO sid.

    `lines` take frames (see connection.py); `others` take packets; `listeners` hear (listener.py).
    """

    __slots__ = ("frames", "lines", "listeners", "others")

    def __init__(self):
        self.lines, self.others, self.listeners, self.frames = {}, {}, {}, []

    def without(self, sid):
        """Take a sid away. Returns whether anybody is left."""
        for kind in (self.lines, self.others, self.listeners):
            kind.pop(sid, None)
        return bool(self.lines or self.others or self.listeners)

    def flush(self):
        data, self.frames = b"".join(self.frames), []
        for line in list(self.lines.values()):
            try:
                line.write(data)
            except Exception:
                log.exception("a connection failed")
                line.drop(CLIENT_GONE)  # it comes back, and catches up


class FanOut(Manager):
    """Socket.IO's in-memory manager, with an Audience for each room but everyone's own.

    It knows the default namespace alone, as Parlor does.
    """

    def __init__(self):
        super().__init__()
        self.audiences = {}
        self.listeners = {}  # of all rooms and of none yet, by sid
        self.rooms_of = {}  # the names of the rooms that a sid is in
        self.outbox = None
        self.lock = Lock()
        self.appeared = self.vanished = ignore

    def report(self, appeared, vanished):
        """Call these with the name of each room that gets its first member, or loses its last."""
        self.appeared, self.vanished = appeared, vanished

    def use(self, outbox):
        """Hand an audience's frames to its lines by `outbox`."""
        self.outbox = outbox

    def emit(self, event, data, namespace, room=None, skip_sid=None, callback=None, to=None, **_):
        """As socketio.Manager.emit; what all of a room get alike is built once."""
        room = to or room
        if skip_sid or callback or isinstance(data, tuple):
            super().emit(event, data, namespace, room, skip_sid, callback)
            return
        if self.listeners:
            self.tell(event, data, room)
        text = b"2" + self.json.encode([event, data])
        audience = self.audiences.get(room)
        if audience is None:
            self.send(text, [eio_sid for _, eio_sid in self.get_participants(namespace, room)])
            return
        self.send(text, list(audience.others.values()))
        if audience.lines:
            self.write(audience, frame(b"4" + text))

    def emit_frame(self, event, data, room):
        """To a room, as `emit`. Returns the frame, which `pass_on` takes in another process."""
        if self.listeners:
            self.tell(event, data, room)
        made = frame(b"42" + self.json.encode([event, data]))
        self.spread(made, room)
        return made

    def pass_on(self, made, room):
        """To a room, a frame that another process has made."""
        audience = self.audiences.get(room)
        if audience and audience.listeners:
            event, data = self.read(made)
            self.tell(event, data, room)
        self.spread(made, room)

    def spread(self, made, room):
        audience = self.audiences.get(room)
        if audience is None:
            return
        if audience.others:
            self.send(text_of(made)[1:], list(audience.others.values()))
        if audience.lines:
            self.write(audience, made)

    def read(self, made):
        """The event and the data of a frame."""
        return self.json.loads(text_of(made)[2:])

    def write(self, audience, made):
        """To those of an audience who take frames, at the end of the turn."""
        if not audience.frames:
            self.outbox.add_room(audience)
        audience.frames.append(made)

    def tell(self, event, data, room=None):
        """The same to listeners, in their words; `room` as for `emit`."""
        hearers = self.hearers(room)
        said = hearers and dialect.spoken(event, data)
        for listener in hearers if said else ():
            listener.hear(event, data, said)

    def hearers(self, room):
        """The listeners in a room; in all, where it is None."""
        if room is None or room in self.listeners:
            return [self.listeners[room]] if room else list(self.listeners.values())
        audience = self.audiences.get(room)
        return list(audience.listeners.values()) if audience else []

    def dismiss(self, sid):
        """Forget a listener, in all rooms."""
        with self.lock:
            self.listeners.pop(sid, None)
        for room in self.rooms_of.pop(sid, ()):
            self.unseat(sid, room)

    def send(self, text, eio_sids):
        """By Engine.IO, one after the other."""
        packet = engine_packet.Packet(engine_packet.MESSAGE, text.decode()) if eio_sids else None
        for eio_sid in eio_sids:
            self.server.eio.send_packet(eio_sid, packet)

    def enter_room(self, sid, namespace, room, eio_sid=None):
        with self.lock:
            if room not in self.audiences:
                self.audiences[room] = Audience()
                self.appeared(room)
            audience = self.audiences[room]
            self.rooms_of.setdefault(sid, set()).add(room)
            if sid in self.listeners:
                audience.listeners[sid] = self.listeners[sid]
            else:
                self.seat(audience, sid, self.eio_sid_from_sid(sid, namespace))

    def seat(self, audience, sid, eio_sid):
        """What was sent to the audience so far is not for a newcomer."""
        line = self.server.eio.sockets.get(eio_sid)
        if getattr(line, "takes_frames", False):
            self.outbox.flush_rooms()
            audience.lines[sid] = line
        else:
            audience.others[sid] = eio_sid

    def members(self, room):
        """The sids that are in a room."""
        audience = self.audiences.get(room)
        return [*audience.lines, *audience.others] if audience else []

    def moved(self, eio_sid):
        """A client has come over from long-polling."""
        sid = self.sid_from_eio_sid(eio_sid, "/")
        for room in self.rooms_of.get(sid, ()):
            audience = self.audiences[room]
            if audience.others.pop(sid, None):
                self.seat(audience, sid, eio_sid)

    def leave_room(self, sid, namespace, room):
        self.rooms_of.get(sid, set()).discard(room)
        self.unseat(sid, room)

    def unseat(self, sid, room):
        with self.lock:
            audience = self.audiences.get(room)
            if audience and not audience.without(sid):
                del self.audiences[room]
                self.vanished(room)

    # What the base class asks for: rooms[namespace][None] alone is left to it.

    def basic_enter_room(self, sid, namespace, room, eio_sid=None):
        if room != sid:  # nobody's own room is kept: its name is its only member
            with self.lock:
                super().basic_enter_room(sid, namespace, room, eio_sid)

    def basic_disconnect(self, sid, namespace, **kwargs):
        for room in self.rooms_of.pop(sid, ()):
            self.unseat(sid, room)
        with self.lock:
            super().basic_disconnect(sid, namespace, **kwargs)

    def get_participants(self, namespace, room):
        if room is None:
            yield from super().get_participants(namespace, room)
        elif room in self.audiences:
            for sid in [*self.audiences[room].lines, *self.audiences[room].others]:
                yield sid, self.eio_sid_from_sid(sid, namespace)
        elif self.is_sid_room(namespace, room):
            yield room, self.eio_sid_from_sid(room, namespace)


def ignore(room):
    """Nobody wants to know."""
