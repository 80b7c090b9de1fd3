"""Who is measured: how each server is started, and how it is talked to."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.servers import ROOT

HERE = Path(__file__).parent
SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"
CONNECTED = b'40{"sid"'
GUNICORN = [sys.executable, "-m", "gunicorn", "-k", "eventlet"]
MOST_CONNECTIONS = 20_000


@dataclass(frozen=True)
class Person:
    """Someone to connect. `number` counts within the room; `room` counts the rooms.

    `greeting`: what is sent once Engine.IO has opened, if it is spoken; `ready`: what tells then
    that they are in.
    """

    name: str
    room: int
    number: int
    path: str
    code: str = ""
    headers: tuple = ()
    greeting: bytes = b"40"
    ready: tuple = (CONNECTED,)


class Peer:
    """A server. `storing`: where messages go, in words."""

    name = storing = ""
    cwd = HERE
    health = "/"
    speaks_socket_io = True

    def why_not(self):
        """What is missing for it on this machine, or None."""

    def prepare(self, server):
        """Make what must be there before the server starts. Returns its people."""
        return [
            self.person(room, number)
            for room, size in enumerate(server.sizes)
            for number in range(size)
        ]

    def person(self, room, number):
        name = f"Person {room:04}-{number:04}"
        query = urlencode({"name": name, "room": f"R{room:04}", "user": room * 10_000 + number})
        return Person(name, room, number, f"{SOCKET_IO}&{query}")

    def environment(self, server):
        return {}

    def write(self, text, counter):
        """The packet that says `text`, of bytes, as a talker's message of that number."""
        return b'42["message",{"data":"%s"}]' % text

    def write_for_ack(self, text, counter):
        """The same, and an answer is wanted. Where there are none: the same."""
        return b'42%d["message",{"data":"%s"}]' % (counter, text)


class Parlor(Peer):
    """The real thing, as in production but for the limits, and for cookies without https."""

    name, storing = "parlor", "SQLite, WAL, synchronous=FULL"
    cwd = ROOT
    health = "/healthz"

    def environment(self, server):
        return {
            "PARLOR_ENV": "development",  # in production, cookies are for https alone
            "SECRET_KEY": "a key that only the benchmark signs with",
            "LIMITS": "off",
            "WORKER": "eventlet",
            "HOST": "127.0.0.1",
            "PORT": str(server.port),
            "INSTANCE_DIR": str(server.directory),
            "DATABASE_URL": f"sqlite:///{server.directory}/parlor.db",
            "ALLOWED_ORIGINS": "",
            "PROXY_HOPS": "0",
            "ROOM_GRACE": "600",
            "LEAVE_GRACE": "10",
            "MAX_MESSAGE_LENGTH": "1000",
            "LOG_LEVEL": "INFO",
        }

    def command(self, server):
        return [*GUNICORN, "wsgi:app"]

    def prepare(self, server):
        done = subprocess.run(
            [sys.executable, "-m", "bench.parlor", *map(str, server.sizes)],
            cwd=ROOT,
            env={**os.environ, **self.environment(server)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        rooms = map(json.loads, done.stdout.splitlines())
        return [
            self.member(room, number, facts["code"], someone)
            for room, facts in enumerate(rooms)
            for number, someone in enumerate(facts["people"])
        ]

    def member(self, room, number, code, someone):
        talked = room % 5 == 0  # there two messages were missed: bench/parlor.py
        return Person(
            name=someone["name"],
            room=room,
            number=number,
            code=code,
            path=SOCKET_IO,
            headers=(f"Cookie: session={someone['cookie']}",),
            greeting=b'40{"room":"%s","after":%d}' % (code.encode(), 3 if talked else 0),
            ready=(b"said before, 5" if talked else b'42["room",', CONNECTED),
        )


class Plain(Peer):
    """bench/plain.py, as the tutorials write it."""

    name, storing = "plain", "nothing"

    def command(self, server):
        where = ["-b", f"127.0.0.1:{server.port}", "--worker-connections", str(MOST_CONNECTIONS)]
        return [*GUNICORN, *where, "plain:app"]


class PlainStoring(Plain):
    name, storing = "plain-storing", "SQLite by Flask-SQLAlchemy, a commit a message"

    def environment(self, server):
        return {"STORE": f"sqlite:///{server.directory}/plain.db"}


class Node(Peer):
    """bench/node/: Socket.IO on Node. It stores where better-sqlite3 could be built."""

    name = "node"
    cwd = HERE / "node"
    modules = HERE / "node" / "node_modules"
    built = modules / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node"

    @property
    def storing(self):
        return "SQLite, WAL, synchronous=NORMAL" if self.built.exists() else "nothing"

    def why_not(self):
        if not shutil.which("node"):
            return "there is no Node"
        return None if (self.modules / "socket.io").exists() else "npm ci was not run in bench/node"

    def environment(self, server):
        store = {"STORE": f"{server.directory}/node.db"} if self.built.exists() else {}
        return {"PORT": str(server.port), "NODE_ENV": "production", **store}

    def command(self, server):
        return ["node", "server.js"]


class Echo(Peer):
    """A server that repeats what it gets, so what it gets is as long as what the others send."""

    speaks_socket_io = False
    path = "/"

    def person(self, room, number):
        name = f"Person {room:04}-{number:04}"
        path = f"{self.path}?{urlencode({'room': room})}"
        return Person(name, room, number, path, greeting=b"", ready=())

    def write(self, text, counter):
        return (b'42["message",{"message":"%s","padding":"' % text).ljust(218, b".") + b'"}]'

    write_for_ack = write


class Loop(Echo):
    """bench/loop.c: the yardstick."""

    name, storing = "loop", "nothing"

    def why_not(self):
        return None if shutil.which("cc") else "there is no C compiler"

    def prepare(self, server):
        program = server.directory / "loop"
        subprocess.run(["cc", "-O2", "-o", program, HERE / "loop.c"], check=True)
        return super().prepare(server)

    def command(self, server):
        return [str(server.directory / "loop"), str(server.port)]


class Nchan(Echo):
    """nginx with nchan, one worker, messages kept in memory."""

    name, storing = "nchan", "memory"
    path = "/pubsub"
    module = next(Path("/usr/lib/nginx/modules").glob("ngx_nchan_module.so"), None)

    def why_not(self):
        is_there = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") and self.module
        return None if is_there else "there is no nginx with nchan"

    def prepare(self, server):
        template = (HERE / "nchan.conf").read_text()
        places = {"MODULE": self.module, "PORT": server.port, "DIRECTORY": server.directory}
        for place, value in places.items():
            template = template.replace(f"@{place}@", str(value))
        (server.directory / "nchan.conf").write_text(template)
        return super().prepare(server)

    def command(self, server):
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        return [nginx, "-c", f"{server.directory}/nchan.conf", "-e", "stderr"]


PEERS = {peer.name: peer for peer in (Parlor(), Plain(), PlainStoring(), Node(), Nchan(), Loop())}
