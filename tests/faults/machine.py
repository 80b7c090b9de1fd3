"""Another machine: a network namespace, whose links can be cut.

with Machine() as machine, machine.server(directory, **settings) as server:
    server.url                          # where people reach it, by a link of theirs
    machine.cut()                       # off from all that is at `machine.base`
    machine.mend()
"""

import os
import subprocess

from tests.support import missing
from tests.support.server import Server

HOME = "127.0.0.1"


class Link:
    """Two ends of a cable: `near` is here, `far` on the machine. Addresses are of 198.18.0.0/15,
    which is for tests."""

    def __init__(self, machine, name, number):
        self.machine, self.name = machine, name
        block = (os.getpid() * 2 + number) % 2**15 * 4
        subnet = f"198.{18 + (block >> 16)}.{block >> 8 & 255}"
        self.near, self.far = f"{subnet}.{block % 256 + 1}", f"{subnet}.{block % 256 + 2}"
        self.near_name = f"{name}-{os.getpid()}"

    def lay(self):
        inside = ("-n", self.machine)
        far = ("peer", "name", self.name, "netns", self.machine)
        ip("link", "add", self.near_name, "type", "veth", *far)
        ip("address", "add", f"{self.near}/30", "dev", self.near_name)
        ip(*inside, "address", "add", f"{self.far}/30", "dev", self.name)
        ip(*inside, "link", "set", self.name, "up")
        self.up()

    def up(self):
        ip("link", "set", self.near_name, "up")

    def down(self):
        ip("link", "set", self.near_name, "down")


class Machine:
    def __init__(self):
        self.name = f"parlor-{os.getpid()}"
        self.trunk, self.people = Link(self.name, "trunk", 0), Link(self.name, "people", 1)
        self.base = self.trunk.near
        """The address under which it finds what is here."""

    def __enter__(self):
        try:
            ip("netns", "add", self.name)
        except (subprocess.CalledProcessError, FileNotFoundError):
            missing("the right to make network namespaces")
        ip("-n", self.name, "link", "set", "lo", "up")
        for link in (self.trunk, self.people):
            link.lay()
        return self

    def __exit__(self, *_):
        ip("netns", "delete", self.name)  # and its links with it

    def cut(self, *links):
        """Both links, or one: what is sent is lost from now on, and nobody is told."""
        for link in links or (self.trunk, self.people):
            link.down()

    def mend(self):
        for link in (self.trunk, self.people):
            link.up()

    def server(self, directory, **settings):
        """A Server there; what its settings look for here it finds at `base`."""
        found = {name: str(value).replace(HOME, self.base) for name, value in settings.items()}
        return Distant(self, directory, **found)


class Distant(Server):
    def __init__(self, machine, directory, **settings):
        self.machine, self.host = machine.name, machine.people.far
        super().__init__(directory, has_tables=False, HOST=self.host, **settings)

    def command(self, *arguments):
        return ["ip", "netns", "exec", self.machine, *super().command(*arguments)]


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)
