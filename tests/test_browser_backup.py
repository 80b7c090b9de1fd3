"""The server is set back to a backup: pages that know more than it must not stay deaf."""

import sqlite3
from contextlib import closing

from playwright.sync_api import expect

from tests.support.talk import BACK, LOST, enter, messages, say, status


def test_a_page_that_knows_more_than_the_server_starts_afresh(page_for, start_server):
    server = start_server()
    page_for.allow(LOST)
    alice = page_for("Alice", server)
    enter(alice, "Alice")
    for text in ("one", "two", "three"):
        say(alice, text)
    expect(alice.locator("[data-state]")).to_have_count(0)
    server.stop()
    forget_all_but_the_first(server.directory / "parlor.db")
    server.start()
    expect(status(alice)).to_have_text("Connected", timeout=BACK)
    expect(messages(alice)).to_have_text(["one"], timeout=BACK)
    say(alice, "two again")
    expect(messages(alice)).to_have_text(["one", "two again"])
    expect(alice.locator("[data-state]")).to_have_count(0)


def forget_all_but_the_first(path):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM message WHERE seq > 1")
        database.execute("UPDATE room SET last_seq = 1")
