"""Two tabs of one room share an outbox: each message is there once, in either of them."""

import pytest
from playwright.sync_api import expect

from tests.support.sockets import Wire
from tests.support.talk import (
    BACK,
    LOST,
    arrive,
    enter,
    expect_all,
    message,
    messages,
    say,
    stored,
    texts,
)

WATCH = """() => {
  const list = document.querySelector(".messages");
  const seen = new Set();
  window.twice = [];
  window.vanished = [];
  new MutationObserver(() => {
    const texts = [...list.querySelectorAll(".message-text")].map((one) => one.textContent);
    window.twice.push(...texts.filter((text, place) => texts.indexOf(text) < place));
    window.vanished.push(...[...seen].filter((text) => !texts.includes(text)));
    texts.forEach((text) => seen.add(text));
  }).observe(list, { childList: true, subtree: true });
}"""
"""Notes what stands there twice, or goes away, even for a moment."""

HOLD_STORAGE = """
const held = [];
const hold = (event) => { event.stopImmediatePropagation(); held.push(event); };
window.addEventListener("storage", hold, true);
const { removeItem } = Storage.prototype;
Storage.prototype.removeItem = () => {};
window.letGo = () => {
  Storage.prototype.removeItem = removeItem;
  window.removeEventListener("storage", hold, true);
  for (const { key } of held) window.dispatchEvent(new StorageEvent("storage", { key }));
};
"""
"""What other tabs write is heard of, and can be taken out, only after `letGo()`: browsers that give
each tab a process of its own pass it on when they find the time."""


@pytest.fixture
def here(page_for, server):
    page_for.allow(LOST)
    return page_for("Alice", server)


@pytest.fixture
def there(here):
    return here.context.new_page()


@pytest.fixture
def wires(here, there):
    return Wire(here), Wire(there)


def open_both(here, there):
    code = enter(here, "Alice")
    there.goto(f"/room/{code}")
    arrive(there)
    for page in (here, there):
        page.evaluate(WATCH)
    return code


def expect_once(*pages):
    for page in pages:
        expect(page.locator("[data-state]")).to_have_count(0, timeout=BACK)
        assert page.evaluate("[window.twice, window.vanished]") == [[], []]


def test_both_send_at_once(here, there):
    code = open_both(here, there)
    for number in range(1, 21):
        say(here, f"here {number}")
        say(there, f"there {number}")
    for page in (here, there):
        expect(messages(page)).to_have_count(40)
    expect_once(here, there)
    kept = stored(here, code)
    assert texts(here) == texts(there) == kept
    for name in ("here", "there"):
        assert [text for text in kept if text.startswith(name)] == [
            f"{name} {number}" for number in range(1, 21)
        ]


def test_both_send_at_once_when_they_are_back(here, there):
    code = open_both(here, there)
    here.context.set_offline(True)
    for number in range(1, 11):
        say(here, f"here {number}")
        say(there, f"there {number}")
    for page in (here, there):
        expect(page.locator("[data-state]")).to_have_count(20)
    written = [f"{name} {n}" for n in range(1, 11) for name in ("here", "there")]
    assert texts(here) == texts(there) == written
    here.context.set_offline(False)
    for page in (here, there):
        expect_all(page, written)
    expect_once(here, there)
    assert stored(here, code) == written


def test_what_a_tab_leaves_when_it_dies_is_sent_from_the_other_one(here, there, wires):
    open_both(here, there)
    wires[0].lose("left behind")
    say(here, "left behind 1")
    say(here, "left behind 2")
    wires[0].wait_until_lost()
    wires[0].go_silent()
    expect(message(there, "left behind 2").locator("time")).to_have_text("Sending…")
    here.close()
    expect_all(there, ["left behind 1", "left behind 2"])
    expect_once(there)


def test_a_tab_that_dies_in_the_middle_costs_nothing(here, there, wires):
    code = open_both(here, there)
    for number in range(1, 11):
        say(here, f"here {number}")
        say(there, f"there {number}")
    wires[0].go_silent()
    for number in range(11, 16):
        say(here, f"here {number}")
        say(there, f"there {number}")
    crash(here)
    expect(messages(there)).to_have_count(30)
    expect_once(there)
    assert texts(there) == stored(there, code)
    assert sorted(texts(there)) == sorted(
        f"{name} {number}" for name in ("here", "there") for number in range(1, 16)
    )


def crash(page):
    """End the tab as the browser does when memory is short: nothing of it runs any more."""
    page.close(run_before_unload=False)


@pytest.mark.parametrize(
    "lost", [r"^43", r"^42\[\"message\",{\"seq", r"^43|^42\[\"message\",{\"seq"], ids=str
)
def test_what_is_lost_on_the_way_to_one_tab_is_once_in_both(here, there, wires, lost):
    open_both(here, there)
    wires[0].lose(lost)
    say(here, "once")
    wires[0].wait_until_lost(lost.count("^"))
    expect(messages(there)).to_have_text(["once"])
    expect(messages(here)).to_have_text(["once"])
    expect_all(here, ["once"])
    expect_all(there, ["once"])
    expect_once(here, there)


def test_the_message_may_come_before_the_other_tab_s_news_of_it(here, there, wires):
    there.add_init_script(HOLD_STORAGE)
    open_both(here, there)
    wires[0].lose(r"^43|^42\[\"message\",{\"seq")
    say(here, "once")
    expect(messages(there)).to_have_text(["once"])
    there.evaluate("letGo()")
    expect_all(there, ["once"])
    expect_all(here, ["once"])
    expect_once(here, there)


def test_the_message_may_come_long_after_the_other_tab_s_news_of_it(here, there, wires):
    open_both(here, there)
    wires[1].go_silent()
    say(here, "once")
    expect_all(here, ["once"])
    expect(messages(there)).to_have_text(["once"])
    there.evaluate("window.dispatchEvent(new Event('online'))")
    expect_all(there, ["once"])
    expect_once(here, there)


def test_what_is_refused_and_discarded_in_one_tab_is_gone_in_the_other(here, there):
    open_both(here, there)
    say(here, "ring \u0007")
    for page in (here, there):
        expect(page.locator('[data-state="refused"]')).to_have_count(1)
    there.get_by_role("button", name="Discard").click()
    for page in (here, there):
        expect(messages(page)).to_have_count(0)


def test_a_tab_that_wrote_in_the_old_form_has_its_messages_sent(here, there):
    code = enter(here, "Alice")
    key = here.evaluate(
        "({ room, createdAt, userId }) => `parlor outbox ${room} ${createdAt} ${userId}`",
        here.evaluate("({ ...document.body.dataset })"),
    )
    here.goto("/")
    here.evaluate(
        """(key) => localStorage.setItem(key, JSON.stringify(["one", "two"].map((text) => (
          { id: `id-${text}`, data: text, at: new Date().toISOString(), error: null }))))""",
        key,
    )
    here.goto(f"/room/{code}")
    expect_all(here, ["one", "two"])
    assert here.evaluate("Object.keys(localStorage)") == []
