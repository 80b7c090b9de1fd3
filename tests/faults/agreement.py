"""Who is here: whether every process, and everybody in the room, says what is so.

agree(world, cluster)       # seconds until they do; AssertionError says who does not
"""

import time

NAMED = 60
"""People whom a list names at most."""

FADED = 20
"""Seconds after which the people of a dead process are gone."""


def agree(world, servers, within=FADED, among=None):
    """Wait until all show those who are in, and nobody else: each of the servers when it is asked,
    and everybody by what they were told. The world's host, on no socket, may be here or not.

    `among`: those of the world's clients who can know of each other; all, by default.
    """
    began = time.monotonic()
    askers = [world.host.at(server) for server in servers]
    while wrong := disagreements(askers, world, among or world.clients):
        assert time.monotonic() < began + within, "\n".join(["not agreed on who is here:", *wrong])
        time.sleep(0.1)
    return time.monotonic() - began


def disagreements(askers, world, clients):
    """Who shows others than are in, or another count: a list of texts."""
    truth = {client.name for client in clients if client.is_in}
    said = {one.url: said_at(one, world.code) for one in askers}
    said |= {one.name: (set(one.roster.values()), one.count) for one in clients if one.is_in}
    return [
        f"{where}: {count} for {len(truth)}; too many: {names - truth}, missing: {truth - names}"
        for where, (names, count) in said.items()
        if not is_so(names - {world.host.name}, count, truth, is_crowd=len(world.clients) > NAMED)
    ]


def said_at(asker, code):
    """(names, count) of who is here, as the process says that is asked."""
    said = asker.get(f"/api/chat/rooms/{code}").json()
    return {one["name"] for one in said["members"]}, said["count"]


def is_so(names, count, truth, is_crowd):
    """Of a crowd not everybody is named to those who were there, so the count has to do."""
    return count - len(truth) in (0, 1) and (names == truth or is_crowd)
