"""Readers that don't read, while much is said in their room."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.conftest import on_one_stand
from tests.faults.link import Link
from tests.faults.world import World, p99
from tests.support import ROOT
from tests.support.wire import cookies

pytestmark = on_one_stand

READERS = 20
KERNEL_TAKES = 4096
"""Bytes that a reader's kernel takes for it."""

ESTABLISHED = "01"
BOUND = 60


class Deaf:
    """Somebody who enters a room and reads nothing from then on."""

    def __init__(self, server, person, code):
        self.server = server
        self.link = Link(server.port, cookies(person), buffer=KERNEL_TAKES)
        self.link.send("40" + json.dumps({"room": code}))
        while not any(packet.startswith('42["room"') for packet in self.link.receive(5)):
            pass
        self.port = self.link.sock.getsockname()[1]


def connections(server):
    """The ports of those who are connected to the server, by what its kernel holds."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [(local, remote) for _, local, remote, state, *_ in lines if state == ESTABLISHED]
    return {port(remote) for local, remote in ends if port(local) == server.port}


def port(address):
    return int(address.partition(":")[2], 16)


def memory(server, what):
    """MB of the worker: `VmRSS` now, `VmHWM` at most so far."""
    (worker,) = server.workers()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


def flooded(server, person, code, megabytes):
    """The process that floods a room."""
    arguments = [str(server.port), cookies(person), code, str(megabytes)]
    return subprocess.Popen([sys.executable, "-m", "tests.faults.flood", *arguments], cwd=ROOT)


def seconds_until(condition):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() < start + BOUND
        time.sleep(0.02)
    return time.monotonic() - start


@pytest.fixture
def attack(serve, figure, person):
    def attack(megabytes, **bounds):
        server = serve(MAX_MESSAGE_LENGTH=4000)
        with ExitStack() as stack:
            host = person("Host", server)
            code = host.create()
            deaf = []
            for n in range(READERS):
                reader = person(f"Reader {n}", server)
                reader.join(code)
                deaf.append(Deaf(server, reader, code))
                stack.callback(deaf[-1].link.close)
            world = stack.enter_context(World(server))
            world.talk(1)
            before, started = memory(server, "VmRSS"), time.monotonic()
            flooder = flooded(server, host, code, megabytes)
            stack.callback(flooder.kill)
            off = seconds_until(lambda: not connections(server) & {one.port for one in deaf})
            assert flooder.wait(BOUND) == 0
            grown = memory(server, "VmHWM") - before
            echo = p99([echo.took for echo in world.echoes(started)])
            took = time.monotonic() - started
            world.finish()
        figure(f"{megabytes} MB to {READERS} deaf readers took", took, below=BOUND)
        figure("they are off after", off, below=5)
        figure("memory has grown by", grown, below=50, unit="MB")
        figure("others' echo, p99,", 1000 * echo, below=300, unit="ms")

    return attack


def test_who_does_not_read_is_off_and_the_others_talk_on(attack):
    attack(10)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_fifty_megabytes_to_twenty_who_do_not_read(attack):
    attack(50)
