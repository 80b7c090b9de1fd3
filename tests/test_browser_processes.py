"""Browsers where four workers share one port, and each connection reaches any of them."""

import pytest
from playwright.sync_api import expect

from tests.support.talk import arrive, enter, expect_all, messages, say

WORKERS = 4


@pytest.fixture
def server(start_server, postgres, redis):
    """Four workers of one gunicorn, as with `gunicorn -w 4`."""
    places = {"DATABASE_URL": postgres.fresh_database(), "REDIS_URL": redis.url}
    server = start_server(WEB_CONCURRENCY=WORKERS, LEAVE_GRACE=5, **places)
    server.wait_until_up("/readyz")
    assert len(server.workers()) == WORKERS
    return server


@pytest.mark.timeout(120)
def test_people_on_four_workers_talk_over_websockets_alone(server, page_for):
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    asked = []
    for page in (alice, bob):
        page.on("request", lambda request: asked.append(request.url))
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    said = []
    for n in range(5):
        for name, page in (("Alice", alice), ("Bob", bob)):
            said.append(f"{name} {n}")
            say(page, said[-1])
            for one in (alice, bob):  # so it is stored before the next one is said
                expect(messages(one)).to_have_text(said)
        for page in (alice, bob):
            expect(page.locator(".people-count")).to_have_text("2")
        bob.reload()
        arrive(bob)
    for page in (alice, bob):
        expect_all(page, said)
    assert not [url for url in asked if "transport=polling" in url]
