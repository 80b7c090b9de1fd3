"""Programs sign up, sign in, get new tokens, and sign out."""

from datetime import timedelta

import pytest

from models import Login, db, now
from parlor.limits import throttle
from tests.support.programs import PASSWORD, Program


@pytest.fixture
def alice(app):
    return Program(app).register("Alice")


def error(answer):
    return answer.status_code, answer.json["error"]["code"], answer.json["error"].get("field")


def refresh(app, token):
    return Program(app).post("/api/auth/refresh", {"refresh_token": token})


def later(app, token, **ago):
    """As if the login had been refreshed that long ago."""
    with app.app_context():
        db.session.get(Login, token.split(".")[0]).refreshed_at = now() - timedelta(**ago)
        db.session.commit()


def test_whoever_registers_has_tokens(app):
    alice = Program(app)
    answer = alice.post("/api/auth/register", {"name": "Alice", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 900
    alice.token = answer.json["access_token"]
    me = alice.get("/api/me").json["me"]
    assert (me["name"], me["is_account"]) == ("Alice", True)
    assert me["user_id"] == answer.json["user_id"]


def test_what_is_said_of_oneself_comes_along(app):
    alice = Program(app).register("Alice", email="alice@example.org", full_name="Alice Liddell")
    me = alice.get("/api/me").json["me"]
    assert (me["email"], me["full_name"]) == ("alice@example.org", "Alice Liddell")


def test_no_cookie_comes_with_tokens(app):
    answer = Program(app).post("/api/auth/register", {"name": "Alice", "password": PASSWORD})
    assert "Set-Cookie" not in answer.headers


def test_whoever_signs_in_has_another_session(app, alice):
    again = Program(app).sign_in("ALICE", device="my phone")
    sessions = again.get("/api/me/sessions").json["sessions"]
    assert {one["device"] for one in sessions} == {"A program", "my phone"}
    assert [one["device"] for one in sessions if one["current"]] == ["my phone"]
    assert all(one["program"] for one in sessions)


@pytest.mark.parametrize("name", ["Alice", "Bob", "a\x00b"])
def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(app, alice, name):
    given = {"name": name, "password": "not that one at all"}
    answer = Program(app).post("/api/auth/login", given)
    assert error(answer) == (401, "sign_in_failed", "password")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "alice", "password": PASSWORD}, (409, "name_claimed", "name")),
        ({"name": " ", "password": PASSWORD}, (400, "name_missing", "name")),
        ({"name": "Bob", "password": "short"}, (400, "password_too_short", "password")),
        ({"name": "Bob", "password": PASSWORD, "email": "no"}, (400, "email_invalid", "email")),
        ({"name": "Bob"}, (422, "unprocessable", "password")),
        ({"name": 7, "password": PASSWORD}, (422, "unprocessable", "name")),
        ({"name": None, "password": PASSWORD}, (422, "unprocessable", "name")),
        ({"name": "\ud800", "password": PASSWORD}, (400, "name_invalid", "name")),
        ({"name": "Bob", "password": PASSWORD, "age": 7}, (422, "unprocessable", "age")),
        ({"name": "Bob", "password": PASSWORD, "device": "\x07"}, (400, "invalid", "device")),
        (["Bob", PASSWORD], (422, "unprocessable", None)),
        ("Bob", (422, "unprocessable", None)),
        (f'{{"name": "Bob", "password": "{PASSWORD}"}}', (422, "unprocessable", None)),
        (None, (422, "unprocessable", "name")),
    ],
)
def test_what_is_wrong_is_named(app, alice, given, expected):
    assert error(Program(app).post("/api/auth/register", given)) == expected


def test_a_form_is_no_json(app):
    answer = app.test_client().post("/api/auth/login", data={"name": "Alice", "password": PASSWORD})
    assert error(answer) == (422, "unprocessable", None)


def test_another_site_cannot_sign_in(app, alice):
    headers = {"Origin": "https://elsewhere.example"}
    given = {"name": "Alice", "password": PASSWORD}
    answer = app.test_client().post("/api/auth/login", json=given, headers=headers)
    assert error(answer) == (403, "cross_site", None)


def test_a_refresh_token_gets_new_ones(app, alice):
    answer = refresh(app, alice.refresh_token)
    assert answer.status_code == 200
    assert answer.json["refresh_token"] != alice.refresh_token
    alice.token = answer.json["access_token"]
    assert alice.get("/api/me").status_code == 200
    assert refresh(app, answer.json["refresh_token"]).status_code == 200


def test_a_lost_answer_can_be_had_again(app, alice):
    first, again = (refresh(app, alice.refresh_token).json for _ in range(2))
    assert first["refresh_token"] == again["refresh_token"]
    later(app, alice.refresh_token, seconds=29)
    assert refresh(app, alice.refresh_token).status_code == 200
    assert refresh(app, first["refresh_token"]).status_code == 200


def test_later_it_ends_the_session(app, alice):
    latest = refresh(app, alice.refresh_token).json["refresh_token"]
    later(app, alice.refresh_token, seconds=31)
    assert error(refresh(app, alice.refresh_token)) == (401, "sign_in_needed", None)
    assert error(refresh(app, latest)) == (401, "sign_in_needed", None)
    assert alice.get("/api/me").status_code == 401


def test_so_does_one_from_long_before(app, alice):
    token = alice.refresh_token
    for _ in range(3):
        token = refresh(app, token).json["refresh_token"]
    assert refresh(app, alice.refresh_token).status_code == 401
    assert refresh(app, token).status_code == 401


def test_a_made_up_one_ends_nothing(app, alice):
    login, secret = alice.refresh_token.split(".")
    for token in (
        f"{login}.{secret[::-1]}",
        login,
        f"{login}.",
        "",
        ".",
        "a.b",
        "a\x00.b",
        "é.é",
    ):
        assert error(refresh(app, token)) == (401, "sign_in_needed", None)
    assert refresh(app, alice.refresh_token).status_code == 200


def test_an_access_token_refreshes_nothing(app, alice):
    assert refresh(app, alice.token[:200]).status_code == 401


def test_a_session_in_which_nothing_is_refreshed_is_over_some_day(app, alice):
    later(app, alice.refresh_token, days=89)
    latest = refresh(app, alice.refresh_token).json["refresh_token"]
    later(app, latest, days=91)
    assert refresh(app, latest).status_code == 401


def test_tokens_are_kept_as_hashes(app, alice):
    latest = refresh(app, alice.refresh_token).json["refresh_token"]
    with app.app_context():
        login = db.session.get(Login, latest.split(".")[0])
        kept = {login.refresh_hash, login.former_hash}
    assert len(kept) == 2
    assert all(len(one) == 64 for one in kept)
    assert not any(token.split(".")[1] in one for one in kept for token in (latest,))


def test_whoever_signs_out_has_no_tokens_any_more(app, alice):
    other = Program(app).sign_in("Alice")
    assert alice.post("/api/auth/logout").status_code == 204
    assert alice.get("/api/me").status_code == 401
    assert refresh(app, alice.refresh_token).status_code == 401
    assert other.get("/api/me").status_code == 200


def test_strangers_and_guests_cannot_sign_out(app, client):
    assert Program(app).post("/api/auth/logout").status_code == 401
    client.post("/", data={"name": "Bob", "create": "1"})
    assert client.post("/api/auth/logout").status_code == 401


@pytest.fixture
def limited(app):
    throttle.configure(enabled=True)
    yield
    throttle.configure(enabled=False)


@pytest.mark.usefixtures("limited")
def test_refreshing_is_slowed_down_by_address(app):
    answers = [refresh(app, "a.b").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
