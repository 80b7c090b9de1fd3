"""Conversations and settings as forms, on both databases."""

import re
from html import unescape

import pytest

PASSWORD = "a lamp, a chair and some tea"


class Browser:
    def __init__(self, client, name):
        self.client, self.name = client, name

    def get(self, path):
        return self.client.get(path)

    def post(self, path, **form):
        return self.client.post(path, data=form)

    def keep_name(self):
        assert self.post("/account", name=self.name, password=PASSWORD).status_code == 303
        return self

    def open(self):
        return code_of(self.post("/", name=self.name, create="1"))


def code_of(answer):
    assert answer.status_code == 303, answer.text
    return answer.location.rpartition("/")[2]


@pytest.fixture
def browser_of(app):
    return lambda name: Browser(app.test_client(), name)


@pytest.fixture
def alice(browser_of):
    return browser_of("Alice").keep_name()


@pytest.fixture
def bob(browser_of):
    return browser_of("Bob").keep_name()


def error_beside(page, field):
    tag = re.search(rf'<input[^>]*\bid="{field}"[^>]*>', page.text)[0]
    assert f"{field}-error" in tag.partition('aria-describedby="')[2]
    return unescape(re.search(rf'id="{field}-error"[^>]*>(.*?)</p>', page.text, re.DOTALL)[1])


@pytest.mark.parametrize(
    ("form", "status", "field", "text"),
    [
        ({"people": ""}, 400, "people", "Whose name?"),
        ({"people": "Nobody"}, 404, "people", "no account of the name “Nobody”"),
        ({"people": "alice"}, 400, "people", "your own name"),
        ({"people": "Bob, Nobody", "title": "Tea"}, 404, "people", "“Nobody”"),
        ({"people": "Bob, Alice"}, 400, "title", ""),
        ({"people": "Bob", "title": "x" * 61}, 400, "title", "60 characters"),
    ],
)
def test_an_error_of_a_new_conversation_stands_beside_its_field(
    alice, bob, form, status, field, text
):
    page = alice.post("/conversations", **form)
    assert page.status_code == status
    assert text in error_beside(page, field)
    for typed in form.values():
        assert f'value="{typed}"' in page.text


def test_the_same_two_have_one_conversation(alice, bob):
    code = code_of(alice.post("/conversations", people="Bob"))
    assert code_of(bob.post("/conversations", people="ALICE")) == code
    assert "Bob" in alice.get("/conversations").text
    assert alice.post(f"/room/{code}/leave").status_code == 409


def test_a_conversation_is_for_those_who_have_signed_in(browser_of):
    charlie = browser_of("Charlie")
    assert charlie.get("/conversations").status_code == 200
    assert charlie.get("/conversations/new").location == "/sign-in?next=/conversations/new"
    assert charlie.post("/conversations", people="Alice").status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "field"),
    [
        ({"name": "x" * 61}, 400, "name"),
        ({"name": "", "listed": "1"}, 400, "name"),
        ({"name": "Tea", "description": "x" * 301}, 400, "description"),
        ({"name": "Taken", "listed": "1"}, 409, "name"),
    ],
)
def test_an_error_of_the_settings_stands_beside_its_field(alice, bob, form, status, field):
    other = bob.open()
    assert bob.post(f"/room/{other}/settings", name="Taken", listed="1").status_code == 303
    code = alice.open()
    page = alice.post(f"/room/{code}/settings", **form)
    assert page.status_code == status
    assert error_beside(page, field)
    assert f'value="{form["name"]}"' in page.text
    assert page.text.count(" checked") == ("listed" in form)


def test_settings_are_the_owners(alice, browser_of):
    code, charlie = alice.open(), browser_of("Charlie")
    assert charlie.post("/", name="Charlie", code=code, join="1").status_code == 303
    for path in (f"/room/{code}/settings", f"/room/{code}/close"):
        assert charlie.post(path, name="Mine").status_code == 403
    assert charlie.get(f"/room/{code}/settings").status_code == 403
    assert alice.post(f"/room/{code}/close").status_code == 303
    assert charlie.get(f"/room/{code}").status_code == 404


def test_a_guest_is_told_why_a_room_cannot_be_kept(browser_of):
    charlie = browser_of("Charlie")
    code = charlie.open()
    page = charlie.get(f"/room/{code}/settings")
    assert re.search(r'id="kept"[^>]* disabled', page.text)
    assert "you need an account" in page.text
    assert charlie.post(f"/room/{code}/settings", kept="1").status_code == 401


def test_people_are_added_until_one_cannot_be_found(alice, bob, browser_of):
    browser_of("Charlie").keep_name()
    code = code_of(alice.post("/conversations", people="Bob", title="Tea"))
    page = alice.post(f"/room/{code}/people", people="Charlie, Nobody, Bob")
    assert page.status_code == 404
    assert "“Nobody”" in error_beside(page, "people")
    assert 'value="Nobody, Bob"' in page.text
    assert "Remove Charlie" in page.text


def test_others_conversations_do_not_exist(alice, bob, browser_of):
    charlie = browser_of("Charlie").keep_name()
    code = code_of(alice.post("/conversations", people="Bob"))
    for path in (f"/room/{code}/settings", f"/room/{code}"):
        assert (
            charlie.get(path).status_code == charlie.get(path.replace(code, "Z" * 12)).status_code
        )
        assert "Bob" not in charlie.get(path).text
