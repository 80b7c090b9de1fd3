"""Parlor as several processes: real servers that share one database and one Redis."""

from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

from tests.support.server import Server


class Cluster:
    """`with Cluster(directory, postgres, redis) as cluster: one, other = cluster`

    Each process is a `Server` with a port of its own, so that it can be killed, frozen and
    restarted by itself. `postgres`: support.postgres.Postgres, of which it gets a database of its
    own; `redis`: support.redis.Redis, which no other cluster may use; `settings`: of all of them.
    """

    def __init__(self, directory, postgres, redis, processes=2, **settings):
        self.redis = redis
        self.database_url = settings.setdefault("DATABASE_URL", postgres.fresh_database())
        settings.setdefault("REDIS_URL", redis.url)
        places = [Path(directory) / f"process-{n}" for n in range(1, processes + 1)]
        self.servers = [Server(place, has_tables=False, **settings) for place in places]

    def __enter__(self):
        with ExitStack() as running:
            for server in self.servers:  # all at once: each takes a second or two
                server.launch()
                running.push(server)
            for server in self.servers:
                server.wait_until_up("/readyz")
            self.running = running.pop_all()
        return self

    def __exit__(self, *exception):
        return self.running.__exit__(*exception)

    def __iter__(self):
        return iter(self.servers)

    def __getitem__(self, n):
        return self.servers[n]

    @property
    def url(self):
        """Of one that runs."""
        return next(server.url for server in self.servers if server.is_running())

    def door(self, n):
        """Where somebody goes who comes back to another process each time, to the nth first."""
        first = n % len(self.servers)
        return Turns(self.servers[first:] + self.servers[:first])


class Turns:
    """A door to one server after the other."""

    host = Server.host

    def __init__(self, servers):
        self.servers = cycle(servers)

    @property
    def port(self):
        return next(self.servers).port
