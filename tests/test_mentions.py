"""@name in what people say."""

import time

import pytest

from parlor.mentions import mentions


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("@Lamp on", "Lamp"),
        ("turn it on, @lamp", "Lamp"),
        ("turn it on, @LAMP!", "Lamp"),
        ("(@Lamp)", "Lamp"),
        ("@Tea Pot, two cups", "Tea Pot"),
        ("@teapot, two cups", "Tea Pot"),
        ("@Lаmp", "Lamp"),  # with a Cyrillic a
        ("@Чай?", "чай"),
        ("@@Lamp", "Lamp"),
        ("@Lamp2 and @Lamp", "Lamp"),
        ("@Lamp\nplease", "Lamp"),
        ("@Lamp 💡 on", "Lamp 💡"),
    ],
)
def test_a_name_after_an_at_is_meant_however_it_is_written(text, name):
    assert mentions(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Lamp on", "Lamp"),
        ("@Lamps on", "Lamp"),
        ("@La mps", "Lamp"),
        ("alice@lamp.example", "Lamp"),
        ("@ Lamp", "Lamp"),
        ("@", "Lamp"),
        ("", "Lamp"),
        ("@Lamp_on", "Lamp"),
        ("@Tea", "Tea Pot"),
    ],
)
def test_anything_else_is_not(text, name):
    assert not mentions(text, name)


@pytest.mark.parametrize("text", ["@" * 4000, "@a " * 1333, "@" + "a " * 2000])
def test_no_message_takes_long(text):
    started = time.perf_counter()
    assert not mentions(text, "Lamp")
    assert time.perf_counter() - started < 2
