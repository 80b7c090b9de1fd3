"""Tokens of programs: ours alone, for minutes alone, and for as long as their login lasts."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from models import Login, User, db, now
from parlor import names, tokens
from parlor.errors import SignInNeeded
from tests.support.rows import add

SECRET = "a key that only the tests sign with"


@pytest.fixture(autouse=True)
def ours():
    tokens.configure(SECRET)


def facts(**changed):
    """What an access token says, with some of it changed, or left out where that is None."""
    issued = datetime.now(UTC)
    said = {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": "7",
        "sid": "a-login",
        "jti": "a",
        "iat": issued,
        "exp": issued + tokens.LASTS,
        **changed,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(key=None, algorithm="HS256", **changed):
    return jwt.encode(facts(**changed), tokens.key if key is None else key, algorithm)


def test_a_token_says_who_its_bearer_is():
    assert tokens.read(tokens.access(7, "a-login")) == (7, "a-login")
    assert tokens.read(signed()) == (7, "a-login")


def test_no_two_tokens_are_the_same():
    assert tokens.access(7, "a-login") != tokens.access(7, "a-login")


def test_a_token_is_good_for_fifteen_minutes():
    said = jwt.decode(tokens.access(7, "a"), options={"verify_signature": False})
    assert said["exp"] - said["iat"] == 15 * 60


def test_a_token_of_a_server_whose_clock_is_ahead_is_good():
    assert tokens.read(signed(iat=datetime.now(UTC) + timedelta(minutes=5)))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": datetime.now(UTC) - timedelta(seconds=1)},
        {"aud": "somebody-else"},
        {"iss": "somebody-else"},
        {"sub": "Alice"},
        {"sub": 7},
        *({name: None} for name in tokens.REQUIRED),
    ],
)
def test_what_says_anything_else_is_refused(changed):
    token = signed(**changed)
    with pytest.raises(SignInNeeded):
        tokens.read(token)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@pytest.mark.filterwarnings("ignore:The HMAC key is")
def test_other_algorithms_are_refused(algorithm):
    with pytest.raises(SignInNeeded):
        tokens.read(signed(algorithm=algorithm))


def test_an_unsigned_token_is_refused():
    with pytest.raises(SignInNeeded):
        tokens.read(signed(key="", algorithm="none"))


def test_so_is_a_signed_one_that_says_it_is_not():
    head, body, signature = signed().split(".")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    for token in (f"{unsigned}.{body}.{signature}", f"{unsigned}.{body}.", f"{head}.{body}."):
        with pytest.raises(SignInNeeded):
            tokens.read(token)


@pytest.mark.parametrize("key", [SECRET, "k" * 32])
def test_a_token_that_another_key_has_signed_is_refused(key):
    """Also the one that signs the cookies."""
    with pytest.raises(SignInNeeded):
        tokens.read(signed(key=key))


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "é.é.é", "." * 9, "x" * 5000])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(SignInNeeded):
        tokens.read(token)


def test_the_key_changes_with_the_setting():
    token = tokens.access(7, "a-login")
    tokens.configure("another key that only the tests sign with")
    with pytest.raises(SignInNeeded):
        tokens.read(token)


def test_a_refresh_token_is_followed_by_one_and_the_same():
    first = tokens.refresh("a-login")
    assert tokens.login_of(first) == "a-login"
    second = tokens.following(first)
    assert second == tokens.following(first)
    assert tokens.login_of(second) == "a-login"
    assert len({first, second, tokens.following(second), tokens.refresh("a-login")}) == 4


def test_nobody_can_tell_what_follows_without_the_key():
    first = tokens.refresh("a-login")
    second = tokens.following(first)
    tokens.configure("another key that only the tests sign with")
    assert tokens.following(first) != second


def test_a_refresh_token_of_ours_is_known_for_good():
    first = tokens.refresh("a-login")
    assert tokens.is_ours(first)
    assert tokens.is_ours(tokens.following(first))
    login, secret = first.split(".")
    for other in (f"another.{secret}", f"{login}.{secret[::-1]}", f"{login}.", login, "", "é.é"):
        assert not tokens.is_ours(other), other


@pytest.fixture
def login(app, context):
    """Alice's."""
    alice = add(User(name="Alice", claimed_key=names.key("Alice")))
    return add(Login(user_id=alice.id, device="a program"))


def ask(app, token, path="/api/chat/rooms/ZZZZ", scheme="Bearer", client=None):
    client = client or app.test_client()
    return client.get(path, headers={"Authorization": f"{scheme} {token}"})


def assert_refused(answer):
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "sign_in_needed"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_good_token_is_let_through(app, login, scheme):
    assert ask(app, tokens.access(login.user_id, login.id), scheme=scheme).status_code == 404


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "\xe9"])
def test_a_bad_one_is_refused(app, token):
    assert_refused(ask(app, token))


def test_so_is_one_whose_login_has_ended(app, login):
    token = tokens.access(login.user_id, login.id)
    db.session.get(Login, login.id).ended_at = now()
    db.session.commit()
    assert_refused(ask(app, token))


def test_so_is_one_that_names_another_user(app, login):
    assert_refused(ask(app, tokens.access(login.user_id + 1, login.id)))


def test_a_bad_token_is_no_way_back_to_the_cookie(app, client):
    code = client.post("/", data={"name": "Alice", "create": "1"}).location[-4:]
    path = f"/api/chat/rooms/{code}"
    assert client.get(path).status_code == 200
    assert_refused(ask(app, "nonsense", path, client=client))


def test_other_ways_to_authorize_are_for_whoever_stands_before_parlor(app, client):
    code = client.post("/", data={"name": "Alice", "create": "1"}).location[-4:]
    assert ask(app, "YTpi", f"/api/chat/rooms/{code}", "Basic", client).status_code == 200


def test_a_token_in_an_address_is_none(app, login):
    token = tokens.access(login.user_id, login.id)
    answer = app.test_client().get(f"/api/chat/rooms/ZZZZ?token={token}&access_token={token}")
    assert answer.status_code == 404
