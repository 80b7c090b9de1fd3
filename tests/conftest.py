"""The fixtures of all tests; what they are made of is in tests/support/."""

import os
from contextlib import ExitStack, contextmanager

import pytest
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import sync_playwright

from app import create_app
from models import db
from parlor.settings import Settings
from tests.support import missing
from tests.support.browsers import QUIET, Pages, find_chromium
from tests.support.cluster import Cluster
from tests.support.listening import Listening
from tests.support.migrated import copy_sqlite
from tests.support.nginx import Nginx, find_nginx
from tests.support.people import Person
from tests.support.pgbouncer import PgBouncer, find_pgbouncer
from tests.support.postgres import Postgres, find_binaries
from tests.support.redis import Redis, find_redis
from tests.support.server import Server
from tests.support.wire import joined

IN_NO_THREADS = {
    "test_wire": "frames are read and closed as simple_websocket does it, not as parlor/wire.py",
    "test_wire_ends": "likewise: its codes, and what it answers, are its own",
    "test_wire_handshake": "likewise: the handshake is simple_websocket's",
    "test_wire_peers": "likewise: thousands of connections are more than there are threads",
}
"""Tests of what WORKER=gthread does without, and why they cannot hold there."""


def pytest_collection_modifyitems(items):
    if os.environ.get("WORKER") == "gthread":
        for item in items:
            if reason := IN_NO_THREADS.get(item.path.stem):
                item.add_marker(pytest.mark.skip(reason))


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server; `postgres.fresh_database()` makes a database and returns its URL."""
    binaries = find_binaries() or missing("PostgreSQL")
    with Postgres(binaries) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def redis_server():
    """A Redis for all tests; most want `redis`."""
    with redis_of_its_own() as server:
        yield server


def redis_of_its_own():
    """A Redis that nobody else uses: what is published there is heard in all of its databases."""
    return Redis() if find_redis() else missing("Redis")


@pytest.fixture
def redis(redis_server):
    """A Redis with nothing in it: `redis.url`. Whoever stops it starts it again."""
    redis_server.flush()
    return redis_server


@pytest.fixture
def bouncer(postgres):
    """PgBouncer in front of it, with two connections for all: `bouncer.fresh_database()`."""
    with PgBouncer(find_pgbouncer() or missing("PgBouncer"), postgres, servers=2) as bouncer:
        yield bouncer


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """A database with its tables, of each kind in turn; on demand a Postgres behind `bouncer`."""
    if request.param == "sqlite":
        copy_sqlite(tmp_path / "parlor.db")
        return f"sqlite:///{tmp_path / 'parlor.db'}"
    return request.getfixturevalue(request.param).fresh_database()


@pytest.fixture
def settings(database_url, tmp_path):
    return Settings(
        _env_file=None,
        environment="development",
        secret_key="a key that only the tests sign with",
        database_url=database_url,
        instance_dir=tmp_path,
        limits=False,
    )


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory):
    """So that not each app reads them anew: that takes longer than most tests."""
    return FileSystemBytecodeCache(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def app(settings, compiled_templates):
    """Parlor on a fresh database, in this process."""
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    app.testing = True
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def runner(app):
    return app.test_cli_runner()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A real server with a database of its own, shared by all tests. Limits are off."""
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def start_server(tmp_path):
    """`start_server(ROOM_GRACE=1)`: a real server with other settings, for this test alone."""
    with ExitStack() as running:

        def start(**settings):
            directory = tmp_path / f"server-{settings.pop('name', 'only')}"
            return running.enter_context(Server(directory, **settings))

        yield start


@pytest.fixture(scope="session")
def cluster_of(postgres, tmp_path_factory):
    """`with cluster_of(2, ROOM_GRACE=1) as cluster`: so many processes, with a Redis of their own.

    `on`: another Postgres than that of all tests.
    """

    @contextmanager
    def cluster_of(processes, on=postgres, **settings):
        directory = tmp_path_factory.mktemp("cluster")
        with (
            redis_of_its_own() as redis,
            Cluster(directory, on, redis, processes, **settings) as it,
        ):
            yield it

    return cluster_of


@pytest.fixture(scope="session")
def pair(cluster_of):
    """One Parlor on two processes, shared by all tests: `one, other = pair`. Limits are off."""
    with cluster_of(2, LEAVE_GRACE=2) as pair:
        yield pair


@pytest.fixture(scope="session")
def four(cluster_of):
    """One Parlor on four processes, shared by all tests. Limits are off."""
    with cluster_of(4) as four:
        yield four


@pytest.fixture
def start_cluster(request):
    """`start_cluster(processes=2, ROOM_GRACE=1)`: one with other settings, for this test alone."""
    with ExitStack() as running:

        def start(processes=2, **settings):
            cluster_of = request.getfixturevalue("cluster_of")
            return running.enter_context(cluster_of(processes, **settings))

        yield start


@pytest.fixture(scope="session")
def nginx_binary():
    return find_nginx() or missing("nginx")


@pytest.fixture
def start_nginx(nginx_binary):
    """`start_nginx([port, ...])`: deploy/'s nginx in front of servers, for this test alone."""
    with ExitStack() as running:
        yield lambda *place, **how: running.enter_context(Nginx(nginx_binary, *place, **how))


WAYS = {"fast": "sqlite", "plain": "postgres"}


@pytest.fixture(scope="module", params=WAYS)
def server_of_each_way(request, tmp_path_factory):
    """A real server with RELAY=fast on SQLite, and one with RELAY=plain on Postgres."""
    settings = {"RELAY": request.param}
    if WAYS[request.param] == "postgres":
        settings["DATABASE_URL"] = request.getfixturevalue("postgres").fresh_database()
    with Server(tmp_path_factory.mktemp(request.param), **settings) as server:
        yield server


@pytest.fixture
def program(start_server):
    """`program(server, code, {"username": "Ada"})`: one that is on a plain WebSocket."""
    with ExitStack() as programs:

        def make(*arguments, **options):
            made = Listening(*arguments, **options)
            programs.callback(made.close)
            return made

        yield make


@pytest.fixture
def enters(program, server):
    """`enters(code, "Ada")`: a program that is in the room under that name."""

    def enter(code, username, **auth):
        made = program(server, code, {"username": username, **auth})
        made.wait_for("users_list")
        return made

    return enter


@pytest.fixture
def person(start_server, start_cluster):
    """`person("Alice", server)`: somebody with a browser of her own, who goes before servers do."""
    with ExitStack() as people:

        def make(name, server):
            somebody = Person(server.url, name)
            people.callback(somebody.close)
            return somebody

        yield make


@pytest.fixture
def account(person):
    """`account("Alice", server)`: somebody with an account; a name can be had once per server."""
    return lambda name, server: person(name, server).keep_name()


@pytest.fixture
def doors(server):
    """Where Alice, Bob and Charlie come in: one server, unless a module says otherwise."""
    return server, server, server


@pytest.fixture
def alice(person, doors):
    return person("Alice", doors[0])


@pytest.fixture
def bob(person, doors):
    return person("Bob", doors[1])


@pytest.fixture
def charlie(person, doors):
    return person("Charlie", doors[2])


@pytest.fixture
def code(alice, bob):
    """A room with Alice and Bob in it, connected by sockets."""
    code = alice.enter()
    bob.enter(code)
    return code


@pytest.fixture
def opened(alice):
    """The code of a room that Alice has opened; no socket is in it yet."""
    return alice.create()


@pytest.fixture
def line(server, alice, opened):
    """A WebSocket by hand that has joined the room that Alice has opened."""
    with joined(server, alice, opened) as line:
        yield line


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, headless."""
    path = find_chromium() or missing("Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def page_for(browser):
    """`page_for("Alice", server)`: a page with cookies of its own; options as for a context.

    At the end no page may have logged an error or a warning, thrown, or asked another host for
    anything, unless `page_for.allow(pattern)`.
    """
    pages = Pages(browser)
    yield pages
    pages.close()
    assert not pages.unexpected()


@pytest.fixture
def run(page_for, server):
    """`run(setting, lines)`: what those lines of JavaScript return, in one of Parlor's pages."""
    page = page_for("Alice", server)
    page.goto("/")
    return lambda setting, lines: page.evaluate(f"async () => {{ {setting} {lines} }}")
