"""What can be a message, and where its links are: the same in Python and in the browser."""

import json
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlor import text
from parlor.errors import Invalid, MessageInvalid, MessageMissing, MessageTooLong
from tests.support import ROOT

LINKS = json.loads((ROOT / "tests/links.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("hello", "hello"),
        ("  two\r\nlines\r ", "two\nlines"),
        ("a\tb", "a\tb"),
        ("<script>alert('&amp;')</script>", "<script>alert('&amp;')</script>"),
        ("👩‍👩‍👧 \u202eright to left", "👩‍👩‍👧 \u202eright to left"),
        ("x" * 1000, "x" * 1000),
        ("🦊" * 1000, "🦊" * 1000),
    ],
)
def test_a_message_is_kept_as_it_was_typed(typed, kept):
    assert text.clean(typed) == kept


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", MessageMissing),
        (" \n ", MessageMissing),
        ("\u2800\u200b", MessageMissing),
        ("x" * 1001, MessageTooLong),
        ("a\x00b", MessageInvalid),
        ("\x1b[31m", MessageInvalid),
        ("\ud83d", MessageInvalid),
        (None, Invalid),
        (5, Invalid),
        (["x"], Invalid),
    ],
)
def test_what_cannot_be_a_message_is_refused(typed, error):
    with pytest.raises(error):
        text.clean(typed)


def test_a_search_is_for_what_can_be_in_a_message():
    assert text.clean_query(" a\x00b \ud800") == "ab"
    assert len(text.clean_query("x" * 1000)) == text.LONGEST_QUERY


@pytest.mark.parametrize("given", ["a", "A-z_9", "x" * 64])
def test_an_id_is_kept(given):
    assert text.clean_id(given) == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "ä", "a\n", None, 7])
def test_what_cannot_be_an_id_is_refused(given):
    with pytest.raises(Invalid):
        text.clean_id(given)


@pytest.mark.parametrize(("written", "expected"), LINKS)
def test_links_are_found(written, expected):
    assert [[part, bool(href)] for part, href in text.parts(written)] == expected


@given(st.text(st.sampled_from("htps:/.()[] ,x<\n\"'")))
def test_no_character_is_lost_between_links(written):
    assert "".join(part for part, _ in text.parts(written)) == written


@given(st.text())
def test_anything_is_a_message_that_can_be_stored_or_a_clear_no(typed):
    with suppress(MessageMissing, MessageTooLong, MessageInvalid):
        text.clean(typed).encode()


def test_the_browser_finds_the_same_links():
    source = (ROOT / "static/js/links.js").read_text("utf-8")
    script = """
import { readFileSync } from "node:fs";
const [source, cases] = JSON.parse(readFileSync(0, "utf8"));
const { parts } = await import("data:text/javascript," + encodeURIComponent(source));
const found = (text) => [text, parts(text).map((part) => [part.text, Boolean(part.href)])];
console.log(JSON.stringify(cases.map(([text]) => found(text))));
"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps([source, LINKS]),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == LINKS
