"""Parlor in several processes, on a Postgres and a Redis of its own: started, and watched."""

import os
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2

from bench.peers import Parlor
from bench.servers import CORES, Server, cpu_of
from tests.support.postgres import Postgres, find_binaries
from tests.support.redis import Redis

DURABLE = "-c fsync=on -c full_page_writes=on -c synchronous_commit=on -c max_connections=200"
"""As in production; the Postgres of the tests is not durable."""

TICKS = os.sysconf("SC_CLK_TCK")


class Together(Parlor):
    """One process of several, on what they share. It makes the people if it is given sizes."""

    def __init__(self, **settings):
        self.settings = settings

    def environment(self, server):
        return {**super().environment(server), **self.settings}

    def prepare(self, server):
        return super().prepare(server) if server.sizes else []


class Cluster:
    """`with Cluster(4, sizes) as cluster:` so many gunicorns of one worker, each at its own port.

    `people`: of rooms of these sizes, as bench/parlor.py makes them. One process has no Redis.
    """

    def __init__(self, processes, sizes):
        self.processes, self.sizes = processes, sizes

    def __enter__(self):
        self.stack = ExitStack()
        with self.stack:
            self.start()
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def start(self):
        enter = self.stack.enter_context
        self.postgres = enter(Postgres(find_binaries(), options=DURABLE))
        self.database = self.postgres.fresh_database()
        settings = {"DATABASE_URL": self.database, "REDIS_URL": ""}
        self.redis = enter(Redis()) if self.processes > 1 else None
        if self.redis:
            settings["REDIS_URL"] = self.redis.url
        peer = Together(**settings)
        self.servers = [
            enter(Server(peer, () if number else self.sizes, cores=CORES))
            for number in range(self.processes)
        ]
        self.people = self.servers[0].people
        self.ask("ANALYZE")  # as it would have by itself, before long

    def places(self, rooms):
        """(person, port) of everybody in those rooms; who is in one is spread over all."""
        ports = [server.port for server in self.servers]
        people = [person for person in self.people if person.room in rooms]
        return [(one, ports[(one.room + one.number) % len(ports)]) for one in people]

    def ask(self, query):
        """The rows of a query to the database."""
        with closing(psycopg2.connect(self.database)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []

    def heads(self):
        """{room: its counter in the database}, with the rooms' places as in `sizes`."""
        return dict(self.ask("SELECT id - 1, last_seq FROM room"))

    def bytes_per_message(self):
        """On the disk, indexes and all."""
        return self.ask("SELECT pg_total_relation_size('message') / count(*) FROM message")[0][0]

    def counters(self):
        """{what: how often so far}"""
        committed = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        counted = {"Postgres commits": self.ask(committed)[0][0]}
        if self.redis:
            with self.redis.client() as client:
                counted["Redis commands"] = client.info("stats")["total_commands_processed"]
        return counted

    def programs(self):
        """{name: process id of the family's first}."""
        found = {f"server {n}": server.process.pid for n, server in enumerate(self.servers, 1)}
        data = Path(self.postgres.data)
        found["Postgres"] = int((data / "postmaster.pid").read_text().split()[0])
        if self.redis:
            found["Redis"] = self.redis.process.pid
        return found

    def cpu(self):
        """{name: seconds of CPU used so far}."""
        return {name: family_cpu(pid) for name, pid in self.programs().items()}

    def memory(self):
        """{name: bytes}, what is shared by several counted in parts (PSS)."""
        return {name: family_memory(pid) for name, pid in self.programs().items()}

    def log(self):
        return "\n".join(server.log() for server in self.servers)


def children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def family_cpu(pid):
    """Of a process and its children, those that have ended, too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / TICKS  # cutime and cstime of proc(5)
    return ended + sum(map(cpu_until_now, [pid, *children(pid)]))


def cpu_until_now(pid):
    try:
        return cpu_of(pid)
    except OSError:
        return 0  # it has just ended


def family_memory(pid):
    return sum(map(proportional_size, [pid, *children(pid)]))


def proportional_size(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
