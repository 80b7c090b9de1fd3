"""Names: what can be one, which are the same, which is free."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlor import names
from parlor.errors import NameInvalid, NameMissing, NameTooLong


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Alice", "Alice"),
        ("  Alice   B. ", "Alice B."),
        ("Jose\u0301", "José"),
        ("李小龍", "李小龍"),
        ("عائشة", "عائشة"),
        ("🦊", "🦊"),
        ("O'Neil <b>", "O'Neil <b>"),
        ("x" * 32, "x" * 32),
    ],
)
def test_a_name_is_kept_as_people_see_it(typed, name):
    assert names.clean(typed) == name


@pytest.mark.parametrize("typed", ["", "   "])
def test_no_name_is_missing(typed):
    with pytest.raises(NameMissing):
        names.clean(typed)


def test_a_name_is_too_long_beyond_32_characters():
    with pytest.raises(NameTooLong):
        names.clean("x" * 33)


@pytest.mark.parametrize(
    "hidden",
    ["\x00", "\t", "\n", "\x7f", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad",
     "\u2028", "\u3164", "\u2800", "\ud800", "\U000e0041", "\u0378"],
)  # fmt: skip
def test_what_cannot_be_seen_is_refused(hidden):
    with pytest.raises(NameInvalid):
        names.clean(f"Ali{hidden}ce")


def test_marks_alone_are_no_name():
    with pytest.raises(NameInvalid):
        names.clean("\u0301\u0302")


@pytest.mark.parametrize(
    "other",
    [
        "ALICE",
        "alice",
        "Ａｌｉｃｅ",
        "𝓐lice",
        "Αlice",
        "Аliсе",
        "A l i c e",
        "Alice\ufe0f",
        "AIice",
    ],
)
def test_a_look_alike_is_the_same_name(other):
    assert names.key(other) == names.key("Alice")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob", "B0b"),
        ("Bill", "Bi11"),
        ("Bill", "BiII"),
        ("Bernd", "Bemd"),
        ("Will", "VVill"),
        ("Bob", "Вob"),
        ("Bob", "Βob"),
        ("Harry", "Ηarry"),
        ("Mary", "Мary"),
        ("Tom", "Τom"),
        ("Kate", "Кate"),
    ],
)
def test_letters_that_look_alike_are_the_same(one, other):
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(("one", "other"), [("Sam", "Pam"), ("Sam", "Sam 2"), ("José", "Jose")])
def test_different_names_stay_different(one, other):
    assert names.key(one) != names.key(other)


@given(st.text(max_size=40))
def test_anything_typed_is_a_name_or_a_clear_no(typed):
    with suppress(NameMissing, NameTooLong, NameInvalid):
        name = names.clean(typed)
        assert names.clean(name) == name
        assert names.key(name) == names.key(name.upper().lower()) or not name.isascii()


def test_the_first_free_number_is_suggested():
    taken = {names.key("Sam"), names.key("Sam 2")}
    assert names.free("Sam", taken) == "Sam 3"


def test_a_suggestion_is_never_too_long():
    longest = "x" * names.LONGEST
    assert names.free(longest, {names.key(longest)}) == "x" * 30 + " 2"
