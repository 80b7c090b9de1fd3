"""Room codes: drawn from an alphabet without look-alikes, and read as people type them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlor import codes
from parlor.errors import CodeMalformed, CodeMissing


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("K7QP", "K7QP"),
        ("k7qp", "K7QP"),
        (" k7 qp ", "K7QP"),
        ("K7-QP", "K7QP"),
        ("k–7—q.p", "K7QP"),
        ("oilO", "0110"),
        ("http://127.0.0.1:5000/room/k7qp", "K7QP"),
        ("https://chat.example.org/room/K7QP?before=3#end", "K7QP"),
        ("Join us: https://chat.example.org/room/K7QP now", "K7QP"),
        ("/room/K7QP/", "K7QP"),
    ],
)
def test_a_code_is_read_however_it_is_typed(typed, code):
    assert codes.read(typed) == code


@pytest.mark.parametrize("typed", ["", "   ", "--", "http://127.0.0.1/room/"])
def test_no_code_is_missing(typed):
    with pytest.raises(CodeMissing):
        codes.read(typed)


@pytest.mark.parametrize("typed", ["K7Q", "K7QPX", "UUUU", "K7Q!", "ÄÖÜß", "٣٣٣٣", "rudy"])
def test_what_cannot_be_a_code_is_malformed(typed):
    with pytest.raises(CodeMalformed):
        codes.read(typed)


@given(st.text(max_size=60))
def test_anything_typed_is_a_code_or_a_clear_no(typed):
    with suppress(CodeMissing, CodeMalformed):
        assert set(codes.read(typed)) <= set(codes.ALPHABET)


def test_a_drawn_code_reads_as_itself():
    for code in (codes.draw() for _ in range(500)):
        assert codes.read(code.lower()) == code


def test_every_character_is_drawn():
    drawn = "".join(codes.draw() for _ in range(2000))
    assert set(drawn) == set(codes.ALPHABET)
    assert not set("ILOU") & set(codes.ALPHABET)
