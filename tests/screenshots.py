"""The pictures of docs/screenshots: `python -m tests.screenshots` stages a talk and takes them."""

import sqlite3
import tempfile
import zlib
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect, sync_playwright

from tests.support import ROOT
from tests.support.browsers import QUIET, find_chromium
from tests.support.people import Person
from tests.support.server import Server
from tests.support.talk import DESKTOP, IPHONE, add_cookies, date_back, let_in

PICTURES = ROOT / "docs" / "screenshots"
CODE = "K7QP"
NOW = datetime(2026, 11, 21, 19, 42, tzinfo=UTC)
GUESTS = ["Bob", "ليلى", "Maximiliane von Hohenlohe", "Charlie", "דוד"]
TALK = [
    (60 * 22, "Bob", "Who brings the lamp this time?"),
    (60 * 21, "Alice", "I do 🪔"),
    (31, "Bob", "Evening, everyone!"),
    (30, "Bob", "Is the tea on?"),
    (29, "Alice", "Just now. Shopping list:\n– milk\n– honey\n– those small lemons"),
    (24, "ليلى", "مساء الخير! سأحضر الكعك بالتمر"),
    (22, "Maximiliane von Hohenlohe", "The recipe is here: https://example.org/date-cake?for=8"),
    (21, "Charlie", "👏👏"),
    (14, "דוד", "אני בדרך, עוד עשר דקות"),
    (9, "Alice", "No hurry, the kettle is slow."),
    (2, "Charlie", "Saving you the good chair then."),
]
"""Minutes before NOW, who, and what."""
ASIDE = [
    ("Bob", {"people": "Bob"}, "Could you bring the blue cups, too?"),
    (
        "Charlie",
        {"people": "Charlie, Bob", "title": "Reading: Middlemarch"},
        "Chapter 12 by Sunday?",
    ),
    ("ليلى", {"people": "ليلى"}, "شكرًا على المساء الجميل"),
]
"""Who writes in a conversation of Alice's, what she opened it with, and what is said."""


def main():
    PICTURES.mkdir(exist_ok=True)
    with ExitStack() as stage:
        directory = stage.enter_context(tempfile.TemporaryDirectory())
        server = stage.enter_context(Server(directory))
        alice = Person(server.url, "Alice")
        code = alice.create()
        server.stop()
        rename(server, code, CODE)
        server.start()
        guests = {name: Person(server.url, name) for name in GUESTS}
        for person in [alice, *guests.values()]:
            stage.callback(person.close)
        play(server, {"Alice": alice, **guests})
        write(server, alice, guests)
        playwright = stage.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        stage.callback(chromium.close)
        take(chromium, alice, guests)


def rename(server, old, new):
    """Give a room another code, so that the pictures are the same every time."""
    with closing(sqlite3.connect(server.directory / "parlor.db")) as database:
        database.execute("UPDATE room SET code = ? WHERE code = ?", (new, old))
        database.commit()


def play(server, people):
    """Everybody comes in and says their lines, each at its time."""
    for person in people.values():
        person.join(CODE)
        person.connect(CODE).wait_for("room")
    for _, name, text in TALK:
        people[name].send(text)
    date_back(server, CODE, [NOW - timedelta(minutes=before) for before, _, _ in TALK])


def write(server, alice, guests):
    """Some keep their names, and talk with Alice beside the room, which has a name by now."""
    for person in (alice, guests["Bob"], guests["Charlie"], guests["ليلى"]):
        person.keep_name()
    alice.post(f"/room/{CODE}/settings", {"name": "Tea and cake", "listed": "1"})
    for number, (who, form, text) in enumerate(ASIDE):
        answer = alice.post("/conversations", form)
        code = answer.headers["Location"].rpartition("/")[2]
        guests[who].connect(code).wait_for("room")
        guests[who].send(text)
        date_back(server, code, [NOW - timedelta(minutes=7 + 50 * number)])


def take(chromium, alice, guests):
    page = open_page(chromium, alice, IPHONE, "light")
    add_cookies(page, alice)
    page.goto("/conversations")
    expect(page.locator(".conversation")).to_have_count(1 + len(ASIDE))
    shoot(page, "conversations-phone")
    for name, size, light in [("room", DESKTOP, "light"), ("room-phone", IPHONE, "dark")]:
        page = open_page(chromium, alice, size, light)
        let_in(page, alice, CODE)
        guests["Bob"].tabs[0].emit("typing", {"is_typing": True})
        expect(page.locator(".typing")).to_have_text("Bob is typing")
        shoot(page, name)
    home = open_page(chromium, alice, DESKTOP, "light")
    home.goto("/")
    shoot(home, "home")


def open_page(chromium, person, size, light):
    page = chromium.new_context(
        base_url=person.url,
        viewport=size,
        color_scheme=light,
        reduced_motion="reduce",
        timezone_id="UTC",
        locale="en",
    ).new_page()
    page.clock.set_fixed_time(NOW)
    return page


def shoot(page, name):
    picture = page.screenshot(animations="disabled", caret="hide")
    (PICTURES / f"{name}.png").write_bytes(shrink(picture))


def shrink(png):
    """The same picture, packed tighter: Chromium packs for speed."""
    start, chunks, at = png[:8], [], 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += size + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    head, *_, end = chunks
    return start + b"".join(map(chunk, (head, (b"IDAT", zlib.compress(pixels, 9)), end)))


def chunk(kind_and_data):
    kind, data = kind_and_data
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


if __name__ == "__main__":
    main()
