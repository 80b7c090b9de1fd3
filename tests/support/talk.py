"""What people do in a browser, and what they see there."""

import os
import signal
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import UTC

from playwright.sync_api import expect

from tests.support.browsers import SOON

IPHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}

LOST = (
    r"WebSocket connection to|status of 503"
    r"|ERR_(CONNECTION|INTERNET|NETWORK|EMPTY_RESPONSE|SOCKET)_?"
    r"|status of 400 .*/socket\.io/.*&sid="
)
"""What a browser logs when the line or the server is gone, or about to go.

A session of long-polling that has ended meanwhile is answered with 400, and begun anew.
"""

BACK = 20_000
"""Milliseconds within which a page has found back."""


def enter(page, name, code=None):
    """Create a room through the form, or join the one with that code. Returns its code."""
    page.goto("/")
    page.get_by_label("Your name").fill(name)
    if code:
        page.get_by_label("Room code").fill(code)
        page.get_by_role("button", name="Join the room").click()
    else:
        page.get_by_role("button", name="Open a new room").click()
    return arrive(page)


def let_in(page, person, code):
    """Show a `Person`'s room to a page, which gets that person's cookies."""
    add_cookies(page, person)
    page.goto(f"/room/{code}")
    return arrive(page)


def add_cookies(page, person):
    for cookie in person.http.cookies:
        page.context.add_cookies([{"name": cookie.name, "value": cookie.value, "url": person.url}])


def arrive(page):
    """Wait until the room is live. Returns its code."""
    expect(status(page)).to_have_text("Connected")
    return page.locator("body").get_attribute("data-room")


def say(page, text):
    write(page, text)
    field(page).press("Enter")


def write(page, text):
    field(page).fill(text)


def field(page):
    return page.get_by_label("Message", exact=True)


def status(page):
    return page.locator("[data-status]")


def messages(page):
    """The messages' texts, in their order on the page."""
    return page.locator(".message-text")


def message(page, text):
    """The line with that message: its name, text and time."""
    return page.locator(".message").filter(has=page.get_by_text(text, exact=True))


def notes(page):
    """The lines about who came and went."""
    return page.locator(".note")


def texts(page):
    """The messages' texts exactly as they stand there, white space and all."""
    return messages(page).all_text_contents()


def stored(page, code):
    """The last 100 texts that the server has of a room, asked with the page's cookies."""
    answer = page.request.get(f"/api/chat/rooms/{code}/messages?limit=100")
    assert answer.ok, answer.text()
    return [one["message"] for one in answer.json()["messages"]]


def expect_all(page, expected):
    """Those messages, each once, in that order, none on its way; and the server has the same."""
    expect(messages(page)).to_have_text(expected, timeout=BACK)
    expect(page.locator("[data-state]")).to_have_count(0, timeout=BACK)
    assert stored(page, page.url.rpartition("/")[2]) == expected


def wait_until_back(page):
    expect(status(page)).to_have_text("Connected", timeout=BACK)


def wait_until(page, expression):
    """Wait until that JavaScript is true. (`page.wait_for_function` needs eval, which a page of
    Parlor's does not have.)"""
    deadline = time.monotonic() + SOON / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(20)


@contextmanager
def away(page):
    """The page has no network meanwhile; it is back when this is over."""
    page.context.set_offline(True)
    expect(status(page)).to_contain_text("You're offline")
    yield
    page.context.set_offline(False)
    wait_until_back(page)


@contextmanager
def frozen(server):
    """The server neither answers nor breaks a connection, as if the line had died."""
    workers = server.workers()
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


def date_back(server, code, moments):
    """Give a room's messages, from the first on, other times: aware datetimes."""
    with closing(sqlite3.connect(server.directory / "parlor.db", timeout=5)) as database:
        for seq, moment in enumerate(moments, start=1):
            utc = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            database.execute(
                "UPDATE message SET timestamp = ? WHERE seq = ? AND room_id ="
                " (SELECT id FROM room WHERE code = ? AND closed_at IS NULL)",
                (utc, seq, code),
            )
        database.execute(
            "UPDATE room SET last_message_at = (SELECT max(timestamp) FROM message"
            " WHERE room_id = room.id) WHERE code = ? AND closed_at IS NULL",
            [code],
        )
        database.commit()


def write_down(server, code, texts):
    """Put what the first member of a room is to have said next straight into the table."""
    with closing(sqlite3.connect(server.directory / "parlor.db", timeout=5)) as database:
        room = "SELECT id, last_seq FROM room WHERE code = ? AND closed_at IS NULL"
        room_id, last = database.execute(room, [code]).fetchone()
        members = "SELECT min(user_id) FROM participant WHERE room_id = ?"
        [user_id] = database.execute(members, [room_id]).fetchone()
        database.executemany(
            "INSERT INTO message (room_id, user_id, seq, version, client_id, content, timestamp)"
            " VALUES (?, ?, ?, ?, ?, ?, '2026-05-03 14:05:00.000000')",
            [
                (room_id, user_id, n, n, f"id-{n}", one)
                for n, one in enumerate(texts, start=last + 1)
            ],
        )
        database.execute("UPDATE room SET last_seq = ? WHERE id = ?", (last + len(texts), room_id))
        database.commit()
