"""Conversations in a browser: listed rooms, talk of two, groups, and what is unread."""

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.support.people import Person
from tests.support.talk import (
    DESKTOP,
    IPHONE,
    add_cookies,
    arrive,
    away,
    enter,
    expect_all,
    field,
    let_in,
    messages,
    notes,
    say,
    write_down,
)

REFUSED = r"the server responded with a status of 4\d\d"


@pytest.fixture
def here(start_server):
    """A server of this test's own: a name with an account is taken on it for good."""
    return start_server()


@pytest.fixture
def alice(here, account):
    return account("Alice", here)


@pytest.fixture
def bob(here, account):
    return account("Bob", here)


@pytest.fixture
def page_of(page_for, here):
    """`page_of(alice)`: a page with her cookies, wide unless told otherwise."""

    def make(somebody, viewport=DESKTOP):
        page = page_for(somebody.name, here, viewport=viewport)
        add_cookies(page, somebody)
        return page

    return make


def start_talk(page, people, title=""):
    page.goto("/conversations/new")
    page.get_by_label("With whom?").fill(people)
    page.get_by_label("Name of the group").fill(title)
    page.get_by_role("button", name="Start talking").click()
    return arrive(page)


def row(page, title):
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title))


def titles(page):
    return page.locator(".conversation-title")


def unread(page, title):
    return row(page, title).locator("[data-unread]")


def talk_with(one, name):
    """Open a direct conversation over HTTP; return its code."""
    answer = one.post("/conversations", {"people": name})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def test_a_listed_room_is_found_on_the_home_page_and_joined_with_one_press(
    alice, page_of, page_for, here
):
    owner = page_of(alice)
    code = enter_as_account(owner)
    owner.get_by_role("link", name="Room settings").click()
    owner.get_by_label("Name of the room").fill("Tea and cake")
    owner.get_by_label("What is it about?").fill("Every day at four.")
    owner.get_by_label("Show it on the front page").check()
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("Saved.")).to_be_visible()
    owner.goto(f"/room/{code}")
    arrive(owner)
    expect(owner.get_by_role("heading", level=1)).to_have_text(f"Tea and cake {code}")
    expect(owner).to_have_title("Tea and cake · Parlor")
    charlie = page_for("Charlie", here)
    charlie.goto("/")
    room = charlie.get_by_role("listitem").filter(has_text="Tea and cake")
    expect(room).to_contain_text("Every day at four.")
    expect(room).to_contain_text("Alice")
    charlie.get_by_label("Your name").fill("Charlie")
    room.get_by_role("button", name="Join").click()
    assert arrive(charlie) == code
    expect(notes(owner)).to_have_text(["Charlie joined"])


def test_a_room_that_is_named_is_called_so_on_open_pages(account, page_for, here):
    alice = account("Alice", here)
    code = alice.create()
    page = page_for("Charlie", here)
    enter(page, "Charlie", code)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(f"Room {code}")
    alice.post(f"/room/{code}/settings", {"name": "Tea", "description": "At four."})
    expect(heading).to_have_text(f"Tea {code}")
    expect(page).to_have_title("Tea · Parlor")
    expect(page.get_by_text("At four.")).to_be_visible()
    with away(page):
        alice.post(f"/room/{code}/settings", {"name": "", "description": ""})
    expect(heading).to_have_text(f"Room {code}")
    expect(page.get_by_text("At four.")).to_be_hidden()
    expect(page).to_have_title(f"{code} · Parlor")


def enter_as_account(page):
    page.goto("/")
    page.get_by_role("button", name="Open a new room").click()
    return arrive(page)


def test_a_name_that_is_missing_does_not_lose_the_listed_room(alice, page_for, here):
    page_for.allow(REFUSED)
    code = alice.create()
    alice.post(f"/room/{code}/settings", {"name": "Tea", "listed": "1"})
    charlie = page_for("Charlie", here)
    charlie.goto("/")
    charlie.get_by_role("button", name="Join Tea").click()
    expect(charlie.get_by_text("What should people call you?")).to_be_visible()
    expect(charlie.get_by_label("Room code")).to_have_value(code)
    charlie.get_by_label("Your name").fill("Charlie")
    charlie.get_by_label("Your name").press("Enter")
    assert arrive(charlie) == code


def test_a_talk_of_two_begins_by_name_and_is_read_by_both(alice, bob, page_of):
    hers, his = page_of(alice), page_of(bob)
    code = start_talk(hers, "bob")
    assert len(code) == 12
    expect(hers.get_by_role("heading", level=1)).to_have_text("Bob")
    expect(hers.get_by_role("button", name="Leave")).to_have_count(0)
    expect(hers.locator(".elsewhere")).to_contain_text("Bob")
    say(hers, "Only for you")
    his.goto("/conversations")
    expect(row(his, "Alice")).to_contain_text("Only for you")
    expect(unread(his, "Alice")).to_have_text("1 unread")
    row(his, "Alice").click()
    arrive(his)
    expect(messages(his)).to_have_text(["Only for you"])
    expect(hers.locator(".elsewhere")).to_be_hidden()
    his.goto("/conversations")
    expect(unread(his, "Alice")).to_be_hidden()


def test_who_is_no_account_is_said_beside_the_field_and_what_was_typed_stays(
    alice, page_of, page_for
):
    page_for.allow(REFUSED)
    page = page_of(alice)
    page.goto("/conversations/new")
    page.get_by_label("With whom?").fill("Nobody, Alice")
    page.get_by_label("Name of the group").fill("Cake")
    page.get_by_role("button", name="Start talking").click()
    people = page.get_by_label("With whom?")
    expect(people).to_be_focused()
    expect(people).to_have_accessible_description(
        "The name of somebody who has an account. Of several, with commas between."
        " There is no account of the name “Nobody”."
    )
    expect(people).to_have_value("Nobody, Alice")
    expect(page.get_by_label("Name of the group")).to_have_value("Cake")


def test_a_group_goes_on_while_people_are_added_removed_and_leave(
    account, alice, bob, page_of, here
):
    charlie = account("Charlie", here)
    hers, his, charlies = page_of(alice), page_of(bob), page_of(charlie)
    code = start_talk(hers, "Bob", "Reading")
    his.goto(f"/room/{code}")
    arrive(his)
    say(his, "Chapter one")
    expect(messages(hers)).to_have_text(["Chapter one"])
    hers.get_by_role("link", name="Group settings").click()
    hers.get_by_label("Add people").fill("Charlie")
    hers.get_by_role("button", name="Add", exact=True).click()
    expect(hers.locator(".participants bdi")).to_have_text(["Alice", "Bob", "Charlie"])
    charlies.goto(f"/room/{code}")
    arrive(charlies)
    hers.get_by_role("button", name="Remove Bob").click()
    expect(hers.locator(".participants bdi")).to_have_text(["Alice", "Charlie"])
    expect(his.get_by_text("You're not in this conversation any more.")).to_be_visible()
    expect(his.get_by_role("link", name="Join again")).to_be_hidden()
    hers.get_by_text("Leave the group").click()
    hers.get_by_role("button", name="Leave Reading").click()
    expect(hers).to_have_url(f"{here.url}/")
    charlies.reload()
    arrive(charlies)
    charlies.get_by_role("link", name="Group settings").click()
    expect(charlies.get_by_label("Add people")).to_be_visible()


def test_a_conversation_one_was_removed_from_is_like_one_that_never_was(
    alice, bob, page_of, page_for
):
    page_for.allow(REFUSED)
    code = alice.post("/conversations", {"people": "Bob", "title": "Cake"}).headers["Location"]
    code = code.rpartition("/")[2]
    his = page_of(bob)
    his.goto("/conversations")
    expect(titles(his)).to_have_text(["Cake"])
    people = alice.get(f"/room/{code}/settings").text
    bobs_id = people.partition("/people/")[2].partition("/")[0]
    assert alice.post(f"/room/{code}/people/{bobs_id}/remove").status_code == 303
    expect(titles(his)).to_have_count(0)
    expect(his.get_by_text("It's quiet here.")).to_be_visible()
    his.goto(f"/room/{code}")
    expect(his.get_by_text("There is no open room with that code.")).to_be_visible()


def test_what_is_unread_is_counted_live_in_all_tabs_and_read_in_one_is_read_in_all(
    alice, bob, page_of
):
    talk = talk_with(alice, "Bob")
    room = bob.create()
    tab, phone, list_page = page_of(bob), page_of(bob), page_of(bob)
    for page in (tab, phone):
        page.goto(f"/room/{room}")
        arrive(page)
    list_page.goto("/conversations")
    alice.connect(talk).wait_for("room")
    for number in (1, 2):
        alice.send(f"Hello {number}")
    for page in (tab, phone, list_page):
        expect(unread(page, "Alice")).to_have_text("2 unread")
        expect(row(page, "Alice")).to_contain_text("Hello 2")
        expect(page).to_have_title(r"(2) " + base_title(page, room))
    expect(titles(tab)).to_have_text(["Alice", room])
    answer = alice.http.delete(
        f"{alice.url}/api/chat/rooms/{talk}/messages/1", headers={"Origin": alice.url}
    )
    assert answer.ok, answer.text
    for page in (tab, phone, list_page):
        expect(unread(page, "Alice")).to_have_text("1 unread")
    phone.goto(f"/room/{talk}")
    arrive(phone)
    for page in (tab, list_page):
        expect(unread(page, "Alice")).to_be_hidden()
        expect(page).to_have_title(base_title(page, room))


def base_title(page, room):
    return ("Conversations" if page.url.endswith("/conversations") else room) + " · Parlor"


def test_what_comes_while_the_page_is_out_of_sight_is_counted_in_its_title(page_for, server):
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    hide(alice, True)
    say(bob, "Are you there?")
    expect(alice).to_have_title(f"(1) {code} · Parlor")
    hide(alice, False)
    expect(alice).to_have_title(f"{code} · Parlor")


def hide(page, is_hidden):
    page.evaluate(
        """(isHidden) => {
          Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


def test_a_row_does_not_go_from_under_the_focus(account, alice, bob, page_of, here):
    account("Charlie", here)
    with_bob, with_charlie = talk_with(alice, "Bob"), talk_with(alice, "Charlie")
    hers = page_of(alice)
    hers.goto("/conversations")
    expect(titles(hers)).to_have_text(["Charlie", "Bob"])
    hers.get_by_role("link", name="Charlie").focus()
    bob.connect(with_bob).wait_for("room")
    bob.send("Up I go")
    expect(unread(hers, "Bob")).to_have_text("1 unread")
    expect(titles(hers)).to_have_text(["Charlie", "Bob"])
    expect(hers.get_by_role("link", name="Charlie")).to_be_focused()
    hers.get_by_role("link", name="New").focus()
    expect(titles(hers)).to_have_text(["Bob", "Charlie"])
    assert with_charlie


def test_on_the_phone_the_way_back_says_how_much_is_unread_elsewhere(alice, bob, page_of):
    talk = talk_with(alice, "Bob")
    his = page_of(bob, IPHONE)
    his.goto(f"/room/{bob.create()}")
    arrive(his)
    back = his.get_by_role("link", name="All conversations")
    expect(back).to_be_visible()
    alice.connect(talk).wait_for("room")
    alice.send("Psst")
    expect(back).to_have_accessible_name("All conversations 1 unread")
    back.click()
    expect(unread(his, "Alice")).to_have_text("1 unread")
    row(his, "Alice").get_by_role("link").click()
    arrive(his)
    expect(back).to_have_accessible_name("All conversations")


ROOMS = [{}, {"name": "The long and winding reading circle"}, {"name": "نادي القراءة في المساء"}]


def test_on_the_phone_what_is_unread_elsewhere_covers_nothing_in_the_rooms_head(
    here, account, page_of
):
    bob, alice = account("Bob", here), account("Alice", here)
    elsewhere = bob.create()
    alice.join(elsewhere)
    write_down(here, elsewhere, ["Psst"] * 100)
    hers = page_of(alice, {"width": 320, "height": 640})
    for facts in ROOMS:
        made = alice.http.post(f"{here.url}/api/chat/rooms", json=facts).json()
        hers.goto(f"/room/{made['room']['code']}")
        arrive(hers)
        for width in (320, 360, 390):
            hers.set_viewport_size({"width": width, "height": 640})
            assert_side_by_side(hers.locator(".room-head"))


def assert_side_by_side(head):
    expect(head.locator(".back [data-number]")).to_have_text("99+")
    parts = head.locator(".back svg, .back .unread, h1, .button:not(.back)").filter(visible=True)
    boxes = [part.bounding_box() for part in parts.all()]
    for box, beside in pairwise(boxes):
        assert box["x"] + box["width"] <= beside["x"] + 0.5, (box, beside)
        assert abs(box["y"] + box["height"] / 2 - beside["y"] - beside["height"] / 2) < 4
    assert boxes[2]["width"] > 60, "of the title something is to be seen"


def test_a_conversation_that_begins_elsewhere_comes_up_by_itself(alice, bob, page_of):
    his = page_of(bob)
    his.goto("/conversations")
    expect(his.get_by_text("It's quiet here.")).to_be_visible()
    his.wait_for_timeout(300)
    talk_with(alice, "Bob")
    expect(titles(his)).to_have_text(["Alice"])
    expect(his.get_by_text("It's quiet here.")).to_be_hidden()


def test_a_room_is_closed_by_its_owner_after_a_second_look(page_for, server):
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    alice.get_by_role("link", name="Room settings").click()
    expect(alice.get_by_label("Keep it when everybody has gone")).to_be_disabled()
    alice.get_by_text("Close the room").click()
    alice.get_by_role("button", name=f"Close {code} for good").click()
    expect(bob.get_by_text("This room is closed.")).to_be_visible()
    expect(field(bob)).to_have_attribute("readonly", "")


def test_whoever_looks_at_the_list_by_keyboard_gets_past_it_to_the_message(alice, bob, page_of):
    talk_with(alice, "Bob")
    hers = page_of(alice)
    hers.goto(f"/room/{alice.create()}")
    arrive(hers)
    hers.get_by_role("link", name="Past the conversations").focus()
    hers.keyboard.press("Enter")
    expect(field(hers)).to_be_focused()


def test_a_guest_with_one_room_has_the_room_to_themselves(page_for, server, person):
    page = page_for("Alice", server, viewport=DESKTOP)
    alice = person("Alice", server)
    let_in(page, alice, alice.create())
    expect(page.get_by_role("navigation", name="Conversations")).to_have_count(0)
    page.goto(f"/room/{alice.create()}")
    arrive(page)
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    assert isinstance(alice, Person)


def test_somebody_with_an_account_is_written_to_from_the_people_list(
    alice, bob, person, page_of, here
):
    hers = page_of(alice)
    code = enter_as_account(hers)
    person("Charlie", here).enter(code)
    bob.enter(code)
    expect(hers.get_by_role("button", name="Message Bob")).to_be_visible()
    expect(hers.get_by_role("button", name="Message Alice")).to_be_hidden()
    expect(hers.locator(".person", has_text="Charlie")).to_be_visible()
    expect(hers.get_by_role("button", name="Message Charlie")).to_be_hidden()
    hers.reload()
    arrive(hers)
    hers.get_by_role("button", name="Message Bob").click()
    arrive(hers)
    expect(hers.get_by_role("heading", level=1)).to_have_text("Bob")
    say(hers, "Just us")
    expect_all(hers, ["Just us"])
    hers.goto("/history")
    expect(hers.locator(".group-room")).to_have_text("in Bob")


def test_guests_write_to_nobody_and_can_be_written_to_once_they_keep_their_name(
    alice, person, page_of, page_for, here
):
    hers = page_of(alice)
    code = enter_as_account(hers)
    charlie = person("Charlie", here)
    charlie.enter(code)
    his = page_for("Charlie", here)
    let_in(his, charlie, code)
    expect(his.get_by_role("button", name="Message")).to_have_count(0)
    expect(hers.get_by_role("button", name="Message Charlie")).to_be_hidden()
    charlie.keep_name()
    expect(hers.get_by_role("button", name="Message Charlie")).to_be_visible()


def test_what_comes_live_is_drawn_as_the_server_draws_it(alice, bob, page_of, page_for):
    page_for.allow("ERR_FAILED")
    his = page_of(bob)
    his.goto("/conversations")
    expect(his.get_by_text("It's quiet here.")).to_be_visible()
    his.wait_for_timeout(300)
    talk = talk_with(alice, "Bob")
    expect(titles(his)).to_have_text(["Alice"])
    alice.connect(talk).wait_for("room")
    alice.send("مرحبا")
    expect(unread(his, "Alice")).to_have_text("1 unread")
    expect(row(his, "Alice")).to_contain_text("Here now")
    live = drawn(his)
    his.context.route("**/*.js", lambda route: route.abort())
    his.reload()
    assert drawn(his) == live


def drawn(page):
    """The first row's markup, but for white space between its parts and the order of attributes."""
    return page.locator(".conversation").first.evaluate(
        """(row) => [row, ...row.querySelectorAll("*")].map((part) => [
          part.tagName,
          part.children.length ? "" : part.textContent,
          ...[...part.attributes].map(({ name, value }) => `${name}=${value}`).sort(),
        ])"""
    )
