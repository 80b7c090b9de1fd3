"""What Redis holds of several processes: who is where, when somebody was last, and who lives.

    here:<room id>   hash: <process>:<user id> -> who that is
    rooms:<process>  set: id and code of each room in which it has people
    grave:<process>  there while somebody takes away what it has left
    beat:<process>   there for LASTS after its last sign of life
    processes        set of names
    seen             sorted set: room id -> when somebody was there, or came to look
    duty             who does what is to be done once

What is only written goes in the bus's line, and waits for nothing; what is asked for raises
bus.Away. All of it may be lost: processes say it again (neighbours.py).
"""

import secrets
import time

import orjson

LASTS = 12
"""Seconds for which a sign of life is good."""

BURIED_WITHIN = 5
"""Seconds after which another may take away what a dead process has left."""

AT_ONCE = 200
"""Rooms that are written, or taken away, together."""

PROCESSES, SEEN, DUTY = "processes", "seen", "duty"

GOOD = ("PX", LASTS * 1000)

PROLONG = """
    if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
    return 0"""
"""The lease of whoever has it."""


def here(room_id):
    return f"here:{room_id}"


def rooms_of(process):
    return f"rooms:{process}"


def beat_of(process):
    return f"beat:{process}"


class Register:
    """This process, and the others, as Redis knows them. `bus`: as of bus.py."""

    def __init__(self, bus):
        self.bus = bus
        self.me = secrets.token_hex(4)  # whatever the process goes by
        self.ahead = time.time() - time.monotonic()  # Redis' clock of this process's

    def now(self):
        """Redis' time, in seconds: that of processes may differ."""
        return time.monotonic() + self.ahead

    def set_clock(self, told):
        """`told`: Redis' answer to TIME."""
        seconds, microseconds = told
        self.ahead = int(seconds) + int(microseconds) / 1e6 - time.monotonic()

    # People

    def enter(self, room, member):
        """A rooms.Member is in a LiveRoom on this process."""
        self.bus.write("HSET", here(room.id), *self.entry(member))
        self.bus.write("SADD", rooms_of(self.bus.process), named(room))

    def entry(self, member):
        person = [member.user_id, member.name, member.picture, member.is_account]
        value = orjson.dumps([self.bus.process, *person])
        return f"{self.bus.process}:{member.user_id}", value

    def entries(self, members):
        return [part for member in members for part in self.entry(member)]

    def leave(self, room_id, user_id):
        self.bus.write("HDEL", here(room_id), f"{self.bus.process}:{user_id}")

    def empty(self, room):
        """Nobody is in a LiveRoom on this process any more."""
        self.bus.write("SREM", rooms_of(self.bus.process), named(room))

    def forget(self, room_id):
        """A room is over."""
        self.bus.write("DEL", here(room_id))
        self.bus.write("ZREM", SEEN, room_id)

    def people(self, room_ids):
        """{room id: [(process, [user id, name, picture, is account])]}, of the dead, too."""
        replies = self.bus.read(*(("HVALS", here(id)) for id in room_ids))
        there = [list(filter(None, map(read_entry, reply))) for reply in replies]
        return dict(zip(room_ids, there, strict=True))

    # When somebody was there

    def see(self, *room_ids):
        """Somebody was there until now, or has come to look."""
        now = self.now()
        for ids in in_parts(room_ids):
            self.bus.write("ZADD", SEEN, *(part for id in ids for part in (now, id)))

    def see_first(self, room_id):
        """The same, unless there is word of the room."""
        self.bus.write("ZADD", SEEN, "NX", self.now(), room_id)

    def empty_for(self, room_id):
        """(for how many seconds nobody has been in a room, or None where there is no word of it;
        the names of processes that said they have somebody there, and may be gone)."""
        seen, fields = self.bus.read(("ZSCORE", SEEN, room_id), ("HKEYS", here(room_id)))
        seconds = None if seen is None else self.now() - float(seen)
        return seconds, {field.partition(b":")[0].decode("utf-8", "replace") for field in fields}

    # Life and death

    def enter_all(self, there):
        """`there`: (LiveRoom, its Members on this process) of all in which there are any."""
        for room, members in there:
            self.bus.write("HSET", here(room.id), *self.entries(members))
        for some in in_parts([room for room, _ in there]):
            self.bus.write("SADD", rooms_of(self.bus.process), *map(named, some))

    def begin(self):
        """This process lives, under its name, and all that was written before is there."""
        name = self.bus.process
        _, _, told = self.bus.read(
            ("SET", beat_of(name), 1, *GOOD), ("SADD", PROCESSES, name), ("TIME",)
        )
        self.set_clock(told)

    def beat(self):
        """A sign of life. Returns (whether the last one was still good, whether duty is ours)."""
        name = self.bus.process
        was_good, _, is_ours, told = self.bus.read(
            ("SET", beat_of(name), 1, "XX", *GOOD),
            ("SET", DUTY, self.me, "NX", *GOOD),
            ("EVAL", PROLONG, 1, DUTY, self.me, GOOD[1]),
            ("TIME",),
        )
        self.set_clock(told)
        return bool(was_good), bool(is_ours)

    def processes(self):
        """{name: whether it lives} of all that have begun, and were not buried."""
        (names,) = self.bus.read(("SMEMBERS", PROCESSES))
        names = [name.decode(errors="replace") for name in names]
        return dict(zip(names, self.beats(names), strict=True))

    def beats(self, names):
        """Whether each of those processes lives."""
        if not names:
            return []
        return [bool(one) for one in self.bus.read(*(("EXISTS", beat_of(name)) for name in names))]

    def bury(self, process):
        """Take away what stands under the name of a process that is gone, unless another is at it.
        Returns (id, code) of its rooms. Whoever does not get to the end leaves it to the others."""
        grave = f"grave:{process}"
        (is_ours,) = self.bus.read(("SET", grave, self.me, "NX", "PX", BURIED_WITHIN * 1000))
        if not is_ours:
            return []
        (rooms,) = self.bus.read(("SMEMBERS", rooms_of(process)))
        rooms = list(filter(None, map(read_room, rooms)))
        ids = [id for id, _ in rooms]
        self.see(*ids)
        for part in in_parts(ids):
            self.take_away(process, part)
        gone = ("DEL", rooms_of(process), beat_of(process), grave)
        self.bus.read(gone, ("SREM", PROCESSES, process))
        return rooms

    def take_away(self, process, room_ids):
        fields = self.bus.read(*(("HKEYS", here(id)) for id in room_ids))
        start = f"{process}:".encode()
        theirs = {
            id: [field for field in there if field.startswith(start)]
            for id, there in zip(room_ids, fields, strict=True)
        }
        gone = [("HDEL", here(id), *fields) for id, fields in theirs.items() if fields]
        if gone:
            self.bus.read(*gone)


def named(room):
    """A LiveRoom, as it stands in the set of those of a process."""
    return f"{room.id} {room.code}"


def read_room(said):
    """(id, code) of what `named` has made, or None for what another version wrote."""
    try:
        id, code = said.decode().split()
        return int(id), code
    except ValueError:
        return None


def read_entry(value):
    """(process, [user id, name, picture, is account]), or None for what another version wrote."""
    try:
        process, *person = orjson.loads(value)
    except (TypeError, ValueError):
        return None
    kinds = [type(part) for part in (process, *person[:2])]
    return (process, person) if kinds == [str, int, str] and len(person) == 4 else None


def in_parts(things):
    return [things[first : first + AT_ONCE] for first in range(0, len(things), AT_ONCE)]
