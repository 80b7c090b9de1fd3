"""Whatever people write or are called, it is shown as it is and does nothing."""

import pytest
from playwright.sync_api import expect

from tests.support.talk import IPHONE, arrive, enter, field, messages, notes, say, texts

TEXTS = [
    "<b>bold</b> & <i>sly</i> &lt;b&gt; &amp;amp;",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)> '-alert(1)-'",
    "</p></li></template><h1>Mine now</h1>",
    "{{ 7 * 7 }} {% raw %} ${7*7} %s {0} \\u0041",
    "javascript:alert(1) https://x.test/\"onmouseover='alert(1)'",
    "👩‍👩‍👧‍👦 🇺🇦 👍🏽 Zalgo: Z̸̢̛͑a̵l̶g̴o̵",
    "مرحبا بالعالم (1)!",
    "שלום, Alice — mixed",
    "\u202egnp.exe\u202c and \u2066isolated\u2069",
    "two\n\n  lines\tand a tab",
    "W" * 1000,
    "ﷺ" * 400,
    "👍" * 300,
]
NAMES = [
    "<b>Bob</b>",
    '"><img src=x onerror=alert(1)>',
    "<script>alert(1)</script>",
    "' or 1=1 --",
    "مريم",
    "👩‍🚀"[0] + " Zoë",
    "W" * 32,
]


@pytest.fixture
def watched(page_for, server):
    """`watched("Alice")`: a phone on which nothing may open a dialog."""

    def open_page(name):
        page = page_for(name, server, viewport=IPHONE)
        page.on("dialog", lambda dialog: page_for.note(name, f"dialog: {dialog.message}"))
        return page

    return open_page


def expect_unbroken(page):
    """Nothing is wider than the phone."""
    for selector in ("html", "body", ".log", ".page", ".people"):
        for element in page.locator(selector).all():
            assert element.evaluate("e => e.scrollWidth <= e.clientWidth"), selector


def expect_inert(page, container):
    """No elements but links, and no attributes that run."""
    inside = page.locator(container).locator("*")
    assert set(inside.evaluate_all("all => all.map(e => e.localName)")) <= {"a"}
    assert inside.evaluate_all("all => all.every(e => /^https?:/.test(e.href))")
    assert (
        page.locator(
            "main script:not([src], [nonce]), main img, h1 + h1, [onload], [onerror]"
        ).count()
        == 0
    )


def test_texts_are_shown_exactly_as_they_were_sent(watched):
    alice, bob = watched("Alice"), watched("Bob")
    enter(bob, "Bob", enter(alice, "Alice"))
    for text in TEXTS:
        say(alice, text)
    for page in (alice, bob):
        expect(messages(page)).to_have_count(len(TEXTS))
        expect(page.locator("[data-state]")).to_have_count(0)
        assert texts(page) == TEXTS
        expect_inert(page, ".message-text")
        expect_unbroken(page)
        page.reload()
        arrive(page)
        assert texts(page) == TEXTS
        expect_inert(page, ".message-text")
        expect_unbroken(page)
    alice.goto("/history")
    assert texts(alice) == TEXTS[::-1]
    expect_inert(alice, ".message-text")
    expect_unbroken(alice)


def test_texts_run_in_their_own_direction(watched):
    alice = watched("Alice")
    enter(alice, "Alice")
    say(alice, "left")
    say(alice, "مرحبا")
    directions = "all => all.map(e => getComputedStyle(e).direction)"
    expect(messages(alice)).to_have_count(2)
    assert messages(alice).evaluate_all(directions) == ["ltr", "rtl"]
    field(alice).fill("שלום")
    assert field(alice).evaluate("e => getComputedStyle(e).direction") == "rtl"


def test_a_draft_that_comes_back_is_harmless(watched, page_for):
    page_for.allow("status of 400")
    alice = watched("Alice")
    code = enter(alice, "Alice")
    draft = "</textarea><script>alert(1)</script>" + "x" * 1000
    alice.set_content(
        f'<form method="post" action="{alice.url.partition("/room")[0]}/room/{code}">'
        '<textarea name="message"></textarea><button>Go</button></form>'
    )
    alice.locator("textarea").fill(draft)
    alice.get_by_role("button").click()
    expect(field(alice)).to_have_value(draft)


def test_names_are_shown_exactly_as_they_were_given(watched, person, server):
    alice = watched("Alice")
    code = enter(alice, "Alice")
    people = [person(name, server) for name in NAMES]
    typing = alice.locator(".typing")
    for number, one in enumerate(people, 1):
        one.enter(code)
        expect(notes(alice)).to_have_count(number)
        one.tab.emit("typing", {"is_typing": True})
        expect(typing).to_have_text(f"{one.name} is typing")
        one.tab.emit("typing", {"is_typing": False})
        expect(typing).to_be_empty()
        one.send("hello")
    expect(messages(alice)).to_have_count(len(NAMES))
    assert notes(alice).all_text_contents() == [f"{name} joined" for name in NAMES]
    for _ in ("live", "from the page"):
        assert alice.locator(".message-name").all_text_contents() == NAMES
        listed = alice.locator(".people-list .person-name")
        assert listed.all_text_contents() == ["Alice", *NAMES]
        expect_inert(alice, ".message-name bdi, .person-name")
        alice.get_by_role("button", name="here, show who").click()
        expect(alice.get_by_role("complementary")).to_be_visible()
        expect_unbroken(alice)
        alice.reload()
        arrive(alice)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_harmless_to_its_bearer_and_to_others(watched, name):
    page = watched("Zoë")
    code = enter(page, name)
    assert page.locator("body").get_attribute("data-name") == name
    expect(page.locator(".people-list .person-name")).to_have_text(name)
    other = watched("Charlie")
    enter(other, "Charlie", code)
    other.goto("/")
    room = other.get_by_role("listitem").filter(has_text=code)
    assert room.locator("bdi").all_text_contents() == [name]
    page.goto("/")
    expect(page.get_by_label("Your name")).to_have_value(name)
    expect_unbroken(page)
