"""What is being written, before it is sent: it stays, and it fits."""

import pytest
from playwright.sync_api import expect

from tests.support.talk import DESKTOP, IPHONE, arrive, enter, field, say, write

LONG_WORD = "https://example.org/" + "supercalifragilistic" * 40


@pytest.fixture
def alice(page_for, server):
    page = page_for("Alice", server)
    enter(page, "Alice")
    return page


def test_a_draft_outlives_a_reload_and_a_look_elsewhere(alice):
    write(alice, "half a thought\nand the next")
    alice.reload()
    arrive(alice)
    expect(field(alice)).to_have_value("half a thought\nand the next")
    alice.get_by_role("link", name="Parlor").click()
    alice.go_back()
    arrive(alice)
    expect(field(alice)).to_have_value("half a thought\nand the next")


def test_what_was_sent_is_no_draft(alice):
    say(alice, "a whole thought")
    alice.reload()
    arrive(alice)
    expect(field(alice)).to_have_value("")


def test_a_draft_belongs_to_its_room(alice):
    write(alice, "for this room alone")
    enter(alice, "Alice")
    expect(field(alice)).to_have_value("")


@pytest.mark.parametrize("viewport", [IPHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_long_word_in_the_composer_leaves_the_page_as_wide_as_it_is(alice, viewport):
    alice.set_viewport_size(viewport)
    write(alice, LONG_WORD)
    row = "document.querySelector('.composer-row')"
    widths = f"[document.documentElement.scrollWidth, {row}.scrollWidth]"
    page_width, row_width = alice.evaluate(widths)
    assert page_width <= viewport["width"]
    assert row_width <= viewport["width"]
    expect(alice.get_by_role("button", name="Send")).to_be_in_viewport()
