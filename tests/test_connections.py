"""Postgres has no connection left for us: an outage as others, which ends when it ends."""

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


def test_a_process_has_no_more_than_it_may(app, settings, context):
    pool = db.engine.pool
    assert (pool.size(), pool._max_overflow) == (settings.database_connections, 0)
    assert pool.timeout() < PATIENCE
