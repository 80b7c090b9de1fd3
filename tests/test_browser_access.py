"""Pages for everybody: axe finds nothing wrong, whatever the page, its state, light and size."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.talk import (
    DESKTOP,
    IPHONE,
    add_cookies,
    arrive,
    away,
    enter,
    let_in,
    messages,
    say,
    status,
    write,
    write_down,
)

LOOKS = [(size, light) for size in (IPHONE, DESKTOP) for light in ("light", "dark")]

DRAWN = """(scheme) => new Promise((done) => {
  const look = () => {
    const isThere = matchMedia(`(prefers-color-scheme: ${scheme})`).matches;
    const isStill = document.getAnimations().every(({ playState }) => playState === "finished");
    requestAnimationFrame(isThere && isStill ? () => requestAnimationFrame(done) : look);
  };
  look();
})"""


@pytest.fixture
def page(page_for, server):
    page_for.allow(r"status of 4\d\d|ERR_INTERNET_DISCONNECTED")
    # Nothing may still be on its way from one color to another when they are measured.
    return page_for("Alice", server, reduced_motion="reduce")


@pytest.fixture
def conversation(person, server):
    """A `Person` named Alice, and the code of a room where several people said all sorts."""
    alice, bob = person("Alice", server), person("بوب", server)
    code = alice.enter()
    bob.enter(code)
    for number in range(55):
        (alice, bob)[number // 2 % 2].send(f"{number} with https://example.org in it")
    bob.send("مرحبا")
    return alice, code


def expect_accessible(page, looks=LOOKS):
    """In every one of the looks: a size of the window and a color scheme."""
    for size, light in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=light)
        page.evaluate(DRAWN, light)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{size}, {light}:\n{found.generate_report()}"


def submit(page, name, code, button):
    page.goto("/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Room code").fill(code)
    page.get_by_role("button", name=button).click()


def test_home(page):
    page.goto("/")
    expect_accessible(page)


def test_home_with_rooms_one_was_in(page, conversation):
    let_in(page, *conversation)
    page.goto("/")
    expect(page.get_by_role("heading", name="Lately you were in")).to_be_visible()
    expect_accessible(page)


def test_home_with_an_error(page, conversation):
    submit(page, "Alice", "ZZZZ", "Join the room")
    expect_accessible(page)
    submit(page, "Alice", conversation[1], "Join the room")
    expect(page.get_by_role("button", name="Join as Alice 2")).to_be_visible()
    expect_accessible(page)


def test_home_for_the_invited(page, conversation):
    page.goto(f"/room/{conversation[1]}")
    expect(page.get_by_role("heading", name="Join")).to_be_visible()
    expect_accessible(page)


def test_an_empty_room(page):
    enter(page, "Alice")
    expect_accessible(page)


def test_a_full_room(page, conversation, person, server):
    let_in(page, *conversation)
    charlie = person("Charlie", server)
    charlie.enter(conversation[1])
    charlie.tab.emit("typing", {"is_typing": True})
    expect(page.get_by_text("Charlie joined")).to_be_visible()
    expect_accessible(page)


def test_a_room_with_people_shown(page, conversation):
    page.set_viewport_size(IPHONE)
    let_in(page, *conversation)
    page.get_by_role("button", name="here, show who").click()
    expect(page.get_by_role("complementary")).to_be_visible()
    expect_accessible(page, [look for look in LOOKS if look[0] is IPHONE])


def test_a_crowded_room(page, person, server):
    code = enter(page, "Alice")
    for number in range(1, 80):
        person(f"Guest {number}", server).join(code)
    page.reload()
    expect(page.get_by_text("and 20 more")).to_be_attached()
    expect_accessible(page)


def test_a_room_in_trouble(page, conversation):
    let_in(page, *conversation)
    say(page, "refused \u0007")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.context.set_offline(True)
    say(page, "on its way")
    say(page, "x" * 1001)
    page.locator(".log").evaluate("log => log.scrollTop = 450")
    expect(status(page)).to_contain_text("You're offline")
    expect(page.get_by_text("That's 1 too many.")).to_be_visible()
    expect_accessible(page)


def test_messages_that_were_answered_edited_and_deleted(page, conversation):
    alice, code = conversation
    let_in(page, alice, code)
    alice.send("a reply", reply_to=56)
    alice.send("gone")
    alice.send("to what is gone", reply_to=58)
    say(page, "mine")
    expect(page.locator("#m60")).to_be_visible()
    path = f"{alice.url}/api/chat/rooms/{code}/messages"
    alice.http.delete(f"{path}/58")
    alice.http.patch(f"{path}/60", json={"data": "edited"})
    expect(page.locator("#m60").get_by_text("edited", exact=True).first).to_be_visible()
    page.locator("#m60 .message-text").hover()
    page.locator(".more").click()
    expect(page.get_by_role("menu")).to_be_visible()
    expect_accessible(page)
    page.get_by_role("menuitem", name="Delete").click()
    expect_accessible(page)
    page.get_by_role("button", name="Keep it").click()
    page.locator("#message").press("ArrowUp")
    expect(page.get_by_text("Editing")).to_be_visible()
    expect_accessible(page)


def test_a_room_one_comes_back_to(page, conversation, server):
    let_in(page, *conversation)
    with away(page):
        write_down(server, conversation[1], ["missed"] * 1200)
    page.locator(".log").evaluate("log => log.scrollTop = 450")
    expect(page.locator(".gap")).to_have_count(1)
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_visible()
    expect_accessible(page)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".gap")).to_be_in_viewport()
    expect_accessible(page)


def test_a_room_one_has_left(page, conversation):
    let_in(page, *conversation)
    write(page, "Half a thought")
    other = page.context.new_page()
    other.goto(page.url)
    arrive(other)
    other.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("link", name="Join again")).to_be_visible()
    other.close()
    expect_accessible(page)


def test_earlier_messages(page, conversation):
    let_in(page, *conversation)
    page.goto(page.url + "?before=20")
    expect(page.get_by_role("link", name="Back to now")).to_be_visible()
    expect_accessible(page)


def test_the_history(page, conversation):
    page.goto("/history")
    expect_accessible(page)
    let_in(page, *conversation)
    page.goto("/history")
    expect(messages(page)).not_to_have_count(0)
    expect_accessible(page)
    page.goto("/history?q=nothing+like+it")
    expect_accessible(page)


def test_a_search_that_has_not_looked_through_everything(page, alice, server):
    code = alice.create()
    write_down(server, code, ["apple"] * 2500 + ["a pear"])
    add_cookies(page, alice)
    for query in ("pear", "zebra"):
        page.goto(f"/history?q={query}")
        expect(page.get_by_role("link", name="Look further back")).to_be_visible()
        expect_accessible(page)


@pytest.mark.parametrize("path", ["/account", "/sign-in"])
def test_the_forms_of_accounts(page, path):
    page.goto(path)
    expect_accessible(page)
    page.get_by_label("name", exact=False).first.fill("Nobody at all")
    page.get_by_label("Password").fill("short")
    page.locator(".door .primary").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect_accessible(page)


def test_an_account(page, person, server):
    page.goto("/account")
    page.get_by_label("Your name").fill("Maximiliane 🪔 von Hohenlohe")
    page.get_by_label("Password").fill("a lamp and a chair")
    page.get_by_text("More about you").click()
    expect_accessible(page)
    page.locator(".door .primary").click()
    expect(page.get_by_text("The name is yours now")).to_be_visible()
    form = {"name": "Maximiliane 🪔 von Hohenlohe", "password": "a lamp and a chair"}
    person("elsewhere", server).post("/sign-in", form)
    page.reload()
    expect(page.get_by_role("button", name="Sign out Another device")).to_be_visible()
    expect_accessible(page)
    page.goto("/")
    expect(page.get_by_text("as Maximiliane")).to_be_visible()
    expect_accessible(page)
    page.goto("/account")
    page.get_by_label("Your name").fill("x" * 33)
    page.get_by_role("button", name="Change the name").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect_accessible(page)


def test_a_name_that_belongs_to_somebody(page, person, server):
    owner = person("The Owner", server)
    owner.post("/account", {"name": owner.name, "password": "a lamp and a chair"})
    submit(page, "The Owner", "", "Open a new room")
    expect(page.get_by_text("belongs to somebody")).to_be_visible()
    expect_accessible(page)


def test_an_error_page(page):
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="There is nothing here.")).to_be_visible()
    expect_accessible(page)


@pytest.fixture
def talks(account, start_server, page_for):
    """A page of Alice's, who has talks of all kinds, and the code of a group of hers."""
    server = start_server()
    alice, bob = account("Alice", server), account("بوب", server)
    code = alice.enter()
    settings = {"name": "Tea and cake", "description": "Every day at four.", "listed": "1"}
    alice.post(f"/room/{code}/settings", settings)
    bob.enter(code)
    bob.send("مرحبا")
    alice.post("/conversations", {"people": "بوب"})
    group = alice.post("/conversations", {"people": "بوب", "title": "Reading"})
    page = page_for("Alice", server, reduced_motion="reduce")
    add_cookies(page, alice)
    return page, group.headers["Location"].rpartition("/")[2]


def test_conversations_beside_a_group(talks):
    page, group = talks
    page.goto(f"/room/{group}")
    arrive(page)
    expect(page.locator(".conversation")).to_have_count(3)
    expect_accessible(page)


@pytest.mark.parametrize("path", ["/conversations", "/conversations/new", "/room/{}/settings", "/"])
def test_pages_of_conversations(talks, path):
    page, group = talks
    page.goto(path.format(group))
    expect_accessible(page)


def test_room_settings_of_a_guest_with_an_error(page):
    enter(page, "Alice")
    page.get_by_role("link", name="Room settings").evaluate("link => link.click()")
    page.get_by_label("Show it on the front page").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A room that is listed needs a name.")).to_be_visible()
    page.get_by_text("Close the room").click()
    expect_accessible(page)
