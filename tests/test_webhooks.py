"""Webhooks: what is said to a bot is told to it: signed, in order, at public addresses alone."""

import hashlib
import hmac
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest

from models import Bot, db, now
from parlor import addresses, webhooks
from tests.support.hooks import listening
from tests.support.people import Person
from tests.support.programs import PASSWORD, Program
from tests.support.server import Server

ROOMS = "/api/chat/rooms"


@pytest.fixture
def hook():
    with listening() as hook:
        yield hook


@pytest.fixture
def alice(app):
    webhooks.configure("any")
    return Program(app).register("Alice")


@pytest.fixture
def room(alice):
    return f"{ROOMS}/{alice.post(ROOMS, json={}).json['room']['code']}"


@pytest.fixture
def lamp(alice, room, hook):
    return made(alice, room, hook)


@pytest.fixture
def tell(app, monkeypatch):
    """`tell()`: what housekeeping does each second, done once and waited for."""
    running = []

    def run(task):
        running.append(threading.Thread(target=task))
        running[-1].start()

    def once():
        with app.app_context():
            webhooks.tell_bots()
        while running:
            running.pop().join()

    monkeypatch.setattr("parlor.relay.in_background", run)
    return once


def made(somebody, room, hook, name="Lamp"):
    answer = somebody.post(f"{room}/bots", json={"name": name, "webhook": hook.url})
    assert answer.status_code == 201, answer.text
    return answer.json


def say(somebody, room, *texts):
    for text in texts:
        assert somebody.post(f"{room}/messages", json={"data": text}).status_code == 201


def said(somebody, room):
    found = somebody.get(f"{room}/messages").json["messages"]
    return [(one["name"], one["message"]) for one in found]


def bot(app):
    with app.app_context():
        return db.session.query(Bot).one()


def hurry(app):
    """What is to be told again later is told again now."""
    with app.app_context():
        db.session.query(Bot).one().due_at = now() - timedelta(seconds=1)
        db.session.commit()


def test_what_is_said_to_a_bot_is_told_and_signed(alice, room, lamp, hook, tell):
    say(alice, room, "hello", "@lamp on!", "@lamps")
    tell()
    [call] = hook.calls
    assert call.path == "/hook?for=bot"
    assert call.json["bot"] == {"user_id": lamp["bot"]["user_id"], "name": "Lamp"}
    assert call.json["room"] == room[-4:]
    assert call.json["message"] == alice.get(f"{room}/messages").json["messages"][1]
    assert call.headers["Content-Type"] == "application/json"
    timestamp = call.headers["Parlor-Timestamp"]
    assert abs(time.time() - int(timestamp)) < 10
    signed = hmac.new(
        lamp["secret"].encode(), timestamp.encode() + b"." + call.body, hashlib.sha256
    ).hexdigest()
    assert call.headers["Parlor-Signature"] == f"v1={signed}"


def test_each_message_is_told_once_and_in_order(alice, room, lamp, hook, tell):
    say(alice, room, "@lamp one", "@lamp two", "and", "@lamp three")
    for _ in range(5):
        tell()
    assert hook.texts() == ["@lamp one", "@lamp two", "@lamp three"]


def test_what_was_said_before_the_bot_came_is_not_told(alice, room, hook, tell):
    say(alice, room, "@lamp on")
    made(alice, room, hook)
    tell()
    assert hook.calls == []


def test_bots_do_not_hear_bots(app, alice, room, lamp, hook, tell):
    kettle = Program(app)
    kettle.token = made(alice, room, hook, "Kettle")["key"]
    say(kettle, room, "@lamp on", "@kettle off")
    tell()
    assert hook.calls == []


def test_what_is_deleted_before_it_is_told_is_not_told(alice, room, lamp, hook, tell):
    say(alice, room, "@lamp off", "@lamp on")
    assert alice.delete(f"{room}/messages/1").status_code == 200
    tell()
    tell()
    assert hook.texts() == ["@lamp on"]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500, 503])
def test_what_is_not_taken_is_told_again_later(app, alice, room, lamp, hook, tell, status):
    """A redirect is not followed: it might lead anywhere."""
    hook.answers.append((status, "text/plain", b"no"))
    say(alice, room, "@lamp one", "@lamp two")
    tell()
    tell()
    assert hook.texts() == ["@lamp one"]
    left = (bot(app).due_at - now()).total_seconds()
    assert 0 < left <= webhooks.RETRIES[0].total_seconds()
    hurry(app)
    tell()
    tell()
    assert hook.texts() == ["@lamp one", "@lamp one", "@lamp two"]
    assert (bot(app).attempts, bot(app).due_at) == (0, None)


def test_after_the_last_try_a_message_is_given_up_and_the_next_one_told(
    app, alice, room, lamp, hook, tell, caplog
):
    hook.answers += [(500, None, b"")] * (len(webhooks.RETRIES) + 1)
    say(alice, room, "@lamp one", "@lamp two")
    for _ in range(len(webhooks.RETRIES) + 1):
        tell()
        hurry(app)
    assert "given up" in caplog.text
    assert "@lamp" not in caplog.text
    tell()
    assert hook.texts() == ["@lamp one"] * (len(webhooks.RETRIES) + 1) + ["@lamp two"]


def test_a_hook_that_answers_nothing_is_not_waited_for(
    app, alice, room, lamp, hook, tell, monkeypatch
):
    monkeypatch.setattr(webhooks, "PATIENCE", 0.5)
    hook.answers.append(lambda handler: time.sleep(1))
    say(alice, room, "@lamp on")
    started = time.monotonic()
    tell()
    assert time.monotonic() - started < 1
    assert bot(app).attempts == 1


def test_nor_is_one_that_answers_letter_by_letter(app, alice, room, lamp, hook, tell, monkeypatch):
    monkeypatch.setattr(webhooks, "PATIENCE", 0.5)

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(20):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    hook.answers.append(drip)
    say(alice, room, "@lamp on")
    started = time.monotonic()
    tell()
    assert time.monotonic() - started < 1.5
    assert bot(app).attempts == 1
    assert said(alice, room) == [("Alice", "@lamp on")]


def test_nor_one_that_begins_tls_letter_by_letter_on_the_real_server(tmp_path):
    with Server(tmp_path) as server, socket.create_server(("127.0.0.1", 0)) as hook:
        alice = Person(server.url, "Alice")
        tokens = alice.post("/api/auth/register", json={"name": "Alice", "password": PASSWORD})
        alice.http.headers["Authorization"] = f"Bearer {tokens.json()['access_token']}"
        code = alice.post(ROOMS, json={}).json()["room"]["code"]
        url = f"https://127.0.0.1:{hook.getsockname()[1]}/"
        alice.post(f"{ROOMS}/{code}/bots", json={"name": "Lamp", "webhook": url})
        alice.post(f"{ROOMS}/{code}/messages", json={"data": "@lamp on"})
        line, _ = hook.accept()
        with line:
            started = time.monotonic()
            line.sendall(b"\x16\x03\x03\x40\x00")  # a long answer is to come
            with suppress(OSError):
                while time.monotonic() - started < 2 * webhooks.PATIENCE:
                    line.sendall(b"\x02")
                    time.sleep(0.5)
            assert time.monotonic() - started < webhooks.PATIENCE + 2
        alice.close()


def test_one_that_does_not_speak_http_is_told_again_later(app, alice, room, lamp, hook, tell):
    hook.answers.append(lambda handler: handler.wfile.write(b"220 mail.example\r\n\r\n"))
    say(alice, room, "@lamp on")
    tell()
    tell()
    assert len(hook.calls) == 1
    assert bot(app).attempts == 1


def test_a_slow_hook_holds_up_no_other(app, alice, room, lamp, hook, tell):
    release = threading.Event()
    with listening() as other:
        hook.answers.append(lambda handler: release.wait(4))
        made(alice, room, other, "Kettle")
        say(alice, room, "@lamp on, @kettle off")
        waiting = threading.Thread(target=tell)
        waiting.start()
        other.wait_for(1)
        hook.wait_for(1)
        release.set()
        waiting.join()


def test_slow_hooks_that_are_always_busy_leave_the_others_their_turn(
    app, alice, room, hook, tell, monkeypatch
):
    monkeypatch.setattr(webhooks, "AT_ONCE", 1)
    with listening() as other:
        made(alice, room, hook, "Lamp")
        made(alice, room, other, "Kettle")
        say(alice, room, "@lamp on", "@kettle off", "@lamp off")
        for _ in range(4):
            tell()
            say(alice, room, "@lamp on")
        assert other.texts() == ["@kettle off"]


def test_what_the_hook_answers_as_text_is_a_reply_and_only_once(app, alice, room, lamp, hook, tell):
    hook.answers += [(200, "text/plain; charset=utf-8", "Ön.\n".encode())] * 2
    say(alice, room, "@lamp on")
    tell()
    with app.app_context():  # as after a crash, before it was written down
        db.session.query(Bot).one().told_seq = 0
        db.session.commit()
    webhooks.configure("any")
    tell()
    assert len(hook.calls) == 2
    assert said(alice, room) == [("Alice", "@lamp on"), ("Lamp", "Ön.")]
    assert alice.get(f"{room}/messages").json["messages"][1]["reply_to"] == 1


@pytest.mark.parametrize(
    ("status", "kind", "content"),
    [
        (200, "text/html", b"<p>on</p>"),
        (200, "application/json", b"{}"),
        (200, "text/plain", b"  "),
        (200, "text/plain", b"x" * 1001),
        (200, "text/plain", b"x" * 10_000_000),
        (201, "text/plain", b"on"),
        (204, None, b""),
    ],
)
def test_anything_else_that_it_answers_is_not(
    app, alice, room, lamp, hook, tell, status, kind, content
):
    hook.answers.append((status, kind, content))
    say(alice, room, "@lamp on")
    tell()
    assert said(alice, room) == [("Alice", "@lamp on")]
    assert (bot(app).told_seq, bot(app).attempts) == (1, 0)


def test_whatever_an_address_was_when_it_was_given_only_public_ones_are_called(
    app, alice, room, lamp, hook, tell
):
    webhooks.configure("public")
    say(alice, room, "@lamp on")
    tell()
    assert hook.calls == []
    assert bot(app).attempts == 1


def test_the_address_that_was_looked_at_is_the_one_that_is_called(hook, monkeypatch):
    """A name that leads elsewhere the next time it is asked for is not asked again."""
    answers = [["127.0.0.1"], ["127.0.0.9"]]
    monkeypatch.setattr(addresses, "look_up", lambda target: answers.pop(0))
    target = addresses.find(f"http://hook.invalid:{hook.server_port}/", anywhere=True)
    end = time.monotonic() + webhooks.PATIENCE
    with webhooks.called_off(webhooks.connect(target), end) as connection:
        connection.request("POST", "/", body=b"{}")
        assert connection.getresponse().status == 204
    assert len(answers) == 1


def test_where_they_are_off_nobody_is_called(app, alice, room, lamp, hook, tell):
    webhooks.configure("off")
    say(alice, room, "@lamp on")
    tell()
    assert hook.calls == []
    answer = alice.post(f"{room}/bots", json={"name": "Kettle", "webhook": hook.url})
    assert answer.json["error"]["code"] == "webhook_invalid"


def test_a_room_where_nobody_speaks_to_the_bot_costs_no_writing(app, alice, room, lamp, tell):
    before = bot(app).told_seq
    say(alice, room, *(f"{number}." for number in range(5)))
    tell()
    assert bot(app).told_seq == before
    with app.app_context():
        assert webhooks.waiting() == []


def test_a_removed_bot_is_told_nothing_more(alice, room, lamp, hook, tell):
    say(alice, room, "@lamp on")
    assert alice.delete(f"{room}/bots/{lamp['bot']['id']}").status_code == 204
    tell()
    assert hook.calls == []


def test_on_the_real_server_a_hook_is_called_and_a_restart_forgets_nothing(tmp_path, hook):
    hook.answers.append((503, None, b""))
    with Server(tmp_path) as server:
        alice = Person(server.url, "Alice")
        tokens = alice.post("/api/auth/register", json={"name": "Alice", "password": PASSWORD})
        alice.http.headers["Authorization"] = f"Bearer {tokens.json()['access_token']}"
        code = alice.post(ROOMS, json={"kept": True}).json()["room"]["code"]
        lamp = alice.post(f"{ROOMS}/{code}/bots", json={"name": "Lamp", "webhook": hook.url}).json()
        alice.post(f"{ROOMS}/{code}/messages", json={"data": "@lamp on"})
        hook.wait_for(1)
        hook.answers.append((200, "text/plain", b"The lamp is on."))
        server.kill()
        server.start()
        first, second = hook.wait_for(2, timeout=15)
        assert first.json == second.json
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            found = alice.get(f"{ROOMS}/{code}/messages").json()["messages"]
            if len(found) == 2:
                break
            time.sleep(0.1)
        assert [one["message"] for one in found] == ["@lamp on", "The lamp is on."]
        assert found[1]["user_id"] == lamp["bot"]["user_id"]
        alice.close()
