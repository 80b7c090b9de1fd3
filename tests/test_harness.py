"""The harness itself: a test that cannot fail proves nothing."""

from contextlib import closing

import psycopg2
import pytest

from tests.support import missing
from tests.support.browsers import Pages
from tests.support.people import Refused


def test_every_database_is_fresh(postgres):
    first, second = postgres.fresh_database(), postgres.fresh_database()
    with closing(psycopg2.connect(first)) as used, used, used.cursor() as cursor:
        cursor.execute("INSERT INTO room (code, last_seq, created_at) VALUES ('K7QP', 0, now())")
    for url, rooms in ((first, 1), (second, 0), (postgres.fresh_database(), 0)):
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM room")
            assert cursor.fetchone() == (rooms,)


def test_the_app_has_its_tables(app, client):
    assert app.testing
    assert client.get("/").status_code == 200


def test_commands_run(runner):
    assert "CODE" in runner.invoke(args=["rooms"]).output


def test_what_is_missing_fails_in_ci_and_is_skipped_elsewhere(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="a moon is missing"):
        missing("a moon")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="a moon is missing"):
        missing("a moon")


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_people_meet_and_talk(server, person, transport):
    alice, bob = person("Alice", server), person("Bob", server)
    code = alice.enter()
    bob.join(code)
    bob.connect(code, transports=[transport]).wait_for("room")
    assert alice.send("Hello, Bob")["ok"]
    assert bob.wait_for_text("Hello, Bob")["name"] == "Alice"
    assert bob.send("Hello, Alice", id="mine")["id"] == "mine"
    alice.wait_for_text("Hello, Alice")
    assert alice.texts() == bob.texts() == ["Hello, Bob", "Hello, Alice"]


def test_a_refusal_says_why(server, person):
    alice, bob = person("Alice", server), person("Bob", server)
    with pytest.raises(Refused) as refused:
        bob.connect(alice.create())
    assert refused.value.error["code"] == "not_a_member"


def test_waiting_in_vain_fails_and_says_what_came_instead(server, person):
    alice = person("Alice", server)
    alice.enter()
    with pytest.raises(AssertionError, match=r"Alice waited for 'message' and heard .*room"):
        alice.wait_for("message", timeout=0.1)


def test_what_was_acknowledged_survives_a_kill(start_server, person, database_url):
    server = start_server(DATABASE_URL=database_url)
    alice = person("Alice", server)
    code = alice.enter()
    assert alice.send("Still here?")["ok"]
    server.kill()
    alice.wait_for("disconnect")
    server.start()
    alice.connect(code).wait_for("room")
    assert alice.texts() == ["Still here?"]


def test_pages_notice_errors_and_other_hosts(browser, server):
    pages = Pages(browser)
    page = pages("Alice", server, bypass_csp=True)
    page.goto("/")
    page.evaluate("""async () => {
        console.error("a burnt pan")
        setTimeout(() => { throw new Error("a broken cup") })
        await fetch("http://localhost:9/far").catch(() => {})
    }""")
    page.wait_for_timeout(100)
    pages.close()
    for sign in ("a burnt pan", "a broken cup", "another host: http://localhost:9/far"):
        assert any(sign in problem for problem in pages.unexpected()), pages.problems
    pages.allow("Alice: ")
    assert not pages.unexpected()


def test_pages_have_cookies_of_their_own(page_for, server):
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    alice.goto("/")
    alice.evaluate("document.cookie = 'mine=1'")
    bob.goto("/")
    assert "mine=1" in alice.evaluate("document.cookie")
    assert "mine=1" not in bob.evaluate("document.cookie")
