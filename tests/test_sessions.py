"""The session cookie, when a clock is set back or forward."""

import time

import pytest

HOUR, YEAR = 3600, 365 * 24 * 3600


@pytest.fixture
def code(client):
    return client.post("/", data={"name": "Alice", "create": "1"}).location[-4:]


@pytest.mark.parametrize(("moved", "status"), [(-HOUR, 200), (HOUR, 200), (YEAR + HOUR, 403)])
def test_whoever_is_in_a_room_stays_in_it(client, code, monkeypatch, moved, status):
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + moved)
    assert client.get(f"/api/chat/rooms/{code}").status_code == status


def test_a_cookie_that_somebody_else_signed_is_nobodys(client, code, monkeypatch):
    now = time.time()
    signed = client.get_cookie("session").value
    client.set_cookie("session", signed[:-3] + ("abc" if signed[-3:] != "abc" else "cba"))
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now - HOUR)
    assert client.get(f"/api/chat/rooms/{code}").status_code == 403
