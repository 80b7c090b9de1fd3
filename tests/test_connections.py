"""Postgres has no connection left for us: an outage as others, which ends when it ends."""

import threading
from contextlib import ExitStack, closing

import psycopg2
import pytest

from models import db
from parlor.patience import PATIENCE
from tests.support import missing
from tests.support.postgres import Postgres, find_binaries

MOST = 5


@pytest.fixture(scope="module")
def small():
    """A server with few connections for all."""
    options = f"-c max_connections={MOST} -c superuser_reserved_connections=0"
    with Postgres(find_binaries() or missing("PostgreSQL"), options=options) as cluster:
        yield cluster


@pytest.fixture
def database_url(small):
    return small.fresh_database()


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"database_connections": 2})


@pytest.fixture
def hogs(database_url):
    """Others, who take what connections there are: `hogs()`, until `hogs.close()`."""
    with ExitStack() as taken:

        def take_more():
            while True:
                taken.enter_context(closing(psycopg2.connect(database_url)))

        def take():
            with pytest.raises(psycopg2.OperationalError, match="too many clients"):
                take_more()

        take.close = taken.close
        yield take


def test_whoever_posts_is_told_to_try_again_and_can_soon(app, client, context, hogs):
    opened = client.post("/", data={"name": "Alice", "create": "1"})
    where = f"/api/chat/rooms/{opened.location[-4:]}/messages"
    assert client.post(where, json={"data": "Hello", "id": "one"}).status_code == 201
    db.session.remove()
    db.engine.dispose()
    hogs()
    refused = client.post(where, json={"data": "Hello", "id": "two"})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (503, "retry")
    assert client.get("/readyz").status_code == 503
    hogs.close()
    assert client.post(where, json={"data": "Hello", "id": "two"}).status_code == 201
    assert client.get("/readyz").status_code == 200


def test_many_pages_at_once_need_one_connection_each_and_wait_for_it(
    app, client, context, monkeypatch
):
    monkeypatch.setattr(db.engine.pool, "_timeout", 10)  # a busy machine is slow, but stops nobody
    opened = client.post("/", data={"name": "Alice", "create": "1"}).location
    cookies = client._cookies  # hers, in all of her windows
    statuses = []

    def read(path):
        window = app.test_client()
        window._cookies = cookies
        statuses.extend(window.get(path).status_code for _ in range(3))

    paths = [opened, "/history", opened, "/history?q=Hello"] * 4
    windows = [threading.Thread(target=read, args=(path,)) for path in paths]
    for window in windows:
        window.start()
    for window in windows:
        window.join(60)
    assert statuses == [200] * len(paths) * 3


def test_a_process_has_no_more_than_it_may(app, settings, context):
    pool = db.engine.pool
    assert (pool.size(), pool._max_overflow) == (settings.database_connections, 0)
    assert pool.timeout() < PATIENCE
