"""Socket.IO on a real gunicorn with its eventlet worker, on both databases."""

import json
import subprocess
import threading
import time

import pytest

from tests.support import ROOT
from tests.support.people import Refused
from tests.support.server import Server


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request, tmp_path_factory):
    """A server that forgets quickly."""
    settings = {"LEAVE_GRACE": 1}
    if request.param == "postgres":
        settings["DATABASE_URL"] = request.getfixturevalue("postgres").fresh_database()
    with Server(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


def names(people):
    return [one["name"] for one in people]


def test_a_message_reaches_the_room_and_no_other(alice, bob, charlie, code):
    charlie.enter()
    ack = alice.send("hello", id="id-1")
    assert ack.keys() == {"ok", "seq", "id", "timestamp"}
    assert (ack["ok"], ack["seq"], ack["id"]) == (True, 1, "id-1")
    for person in (alice, bob):
        message = person.wait_for_text("hello")
        assert message.keys() == {
            "seq", "version", "id", "user_id", "name", "message", "timestamp"
        }  # fmt: skip
        assert (message["seq"], message["version"], message["name"]) == (1, 1, "Alice")
    bob.send("hi")
    alice.wait_for_text("hi")
    assert not charlie.heard("message")


def test_a_bare_string_is_a_message(alice, bob, code):
    assert alice.tab.call("message", "just text")["ok"]
    assert bob.wait_for_text("just text")["id"]


def test_a_reply_says_so(alice, bob, code):
    alice.send("a question")
    bob.send("an answer", reply_to=1)
    assert alice.wait_for_text("an answer")["reply_to"] == 1
    assert "reply_to" not in alice.wait_for_text("a question")


def test_the_same_id_is_relayed_once(alice, bob, code):
    acks = [alice.send("once", id="same") for _ in range(3)]
    assert acks[0] == acks[1] == acks[2]
    alice.send("end")
    bob.wait_for_text("end")
    assert bob.texts() == ["once", "end"]
    assert alice.send("another text", id="same")["error"]["code"] == "id_reused"


@pytest.mark.parametrize(
    ("payload", "code_of_error"),
    [
        ({"data": ""}, "message_missing"),
        ({"data": " \n "}, "message_missing"),
        ({}, "invalid"),
        (None, "invalid"),
        (7, "invalid"),
        ([], "invalid"),
        ({"data": "x" * 1001}, "message_too_long"),
        ({"data": "a\x00b"}, "message_invalid"),
        ({"data": "x", "id": "a b"}, "invalid"),
        ({"data": "x", "id": 7}, "invalid"),
        ({"data": "x", "reply_to": "1"}, "invalid"),
        ({"data": "x", "reply_to": True}, "invalid"),
        ({"data": "x", "reply_to": 99}, "invalid"),
    ],
)
def test_bad_input_gets_the_error_shape(alice, code, payload, code_of_error):
    answer = alice.tab.call("message", payload)
    assert answer["ok"] is False
    assert answer["error"]["code"] == code_of_error
    assert answer["error"]["message"]
    assert alice.send("still here")["ok"]


def test_one_persons_messages_keep_their_order(alice, bob, code):
    texts = [f"number {n}" for n in range(50)]
    for text in texts:
        alice.tab.emit("message", {"data": text})
    bob.wait_for_text("number 49")
    heard = [message["message"] for message in bob.heard("message")]
    assert heard == texts


def test_everyone_sees_the_same_order(alice, bob, code):
    def say(person):
        for n in range(25):
            person.send(f"{person.name} {n}")

    threads = [threading.Thread(target=say, args=[person]) for person in (alice, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for person in (alice, bob):
        person.wait_for("message", lambda message: message["seq"] == 50)
        assert [message["seq"] for message in person.heard("message")] == list(range(1, 51))
    assert alice.heard("message") == bob.heard("message")


def test_room_tells_who_connects_what_there_is(alice, bob, code):
    for n in range(60):
        alice.send(f"number {n}")
    room = bob.connect(code).wait_for("room")
    assert room["room"]["code"] == code
    assert room["me"]["name"] == "Bob"
    assert sorted(names(room["members"])) == ["Alice", "Bob"]
    assert [message["seq"] for message in room["messages"]] == list(range(11, 61))
    assert (room["through"], room["more"]) == (60, False)


def test_whoever_comes_back_gets_what_was_missed(alice, bob, code):
    alice.send("one")
    bob.wait_for_text("one")
    bob.tab.close()
    for n in range(2, 5):
        alice.send(f"number {n}")
    room = bob.connect(code, after=1).wait_for("room")
    assert [message["seq"] for message in room["messages"]] == [2, 3, 4]
    assert room["through"] == 4
    assert bob.connect(code, after=4).wait_for("room")["messages"] == []


def test_whoever_comes_while_others_talk_misses_nothing(alice, bob, code):
    """In the room first, the backlog second: between the two nothing may fall through."""
    talking = threading.Event()

    def talk():
        while not talking.is_set():
            alice.tab.emit("message", "and another thing")
            time.sleep(0.002)

    thread = threading.Thread(target=talk)
    thread.start()
    tabs = []
    for _ in range(12):
        tab = bob.connect(code, after=0 if not tabs else tabs[-1].through)
        tab.through = tab.wait_for("room")["through"]
        time.sleep(0.05)
        tabs.append(tab)
    talking.set()
    thread.join(10)
    assert alice.send("the end")["ok"]
    for tab in tabs:
        tab.wait_for_text("the end")
        numbers = seen(tab)
        assert numbers == list(range(numbers[0], numbers[-1] + 1))


def seen(tab):
    messages = [message for room in tab.heard("room") for message in room["messages"]]
    return sorted({message["seq"] for message in messages + tab.heard("message")})


def test_sync_comes_in_pages(alice, bob, code):
    for n in range(201):
        alice.tab.emit("message", f"number {n}")
    bob.wait_for("message", lambda message: message["seq"] == 201)
    first = bob.tab.sync(0)
    assert len(first["messages"]) == 200
    assert (first["through"], first["more"]) == (200, True)
    rest = bob.tab.sync(first["through"])
    assert [message["seq"] for message in rest["messages"]] == [201]
    assert (rest["through"], rest["more"]) == (201, False)
    assert bob.connect(code, after=0).wait_for("room")["more"] is True


@pytest.mark.parametrize("payload", [{"after": -1}, {"after": "1"}, {"after": 2**40}])
def test_a_sync_that_cannot_be_read_is_refused(alice, code, payload):
    assert alice.tab.call("sync", payload)["error"]["field"] == "after"


def test_coming_and_going_is_news_for_a_person_not_for_a_tab(alice, bob, charlie, code):
    charlie.enter(code)
    joined = alice.wait_for("presence", lambda news: "Charlie" in names(news["joined"]))
    assert joined["count"] == 3
    alice.tab.forget()
    second = charlie.connect(code)
    second.wait_for("room")
    second.close()
    charlie.tabs[0].close()
    left = alice.wait_for("presence", lambda news: names(news["left"]) == ["Charlie"])
    assert left["count"] == 2
    assert len(alice.heard("presence")) == 1


def test_a_reload_is_no_news(start_server, person):
    server = start_server(LEAVE_GRACE=3)
    alice, bob = person("Alice", server), person("Bob", server)
    code = alice.enter()
    bob.enter(code)
    alice.wait_for("presence")
    alice.tab.forget()
    bob.tab.close()
    bob.connect(code).wait_for("room")
    time.sleep(4)
    assert not alice.heard("presence")


def test_leaving_ends_all_tabs_at_once(alice, bob, code):
    second = bob.connect(code)
    second.wait_for("room")
    bob.post(f"/room/{code}/leave")
    assert alice.wait_for("presence", lambda news: news["left"])["count"] == 1
    for tab in bob.tabs:
        tab.wait_for("disconnect")
    with pytest.raises(Refused) as refused:
        bob.connect(code)
    assert refused.value.error["code"] == "not_a_member"


def test_typing_is_told_and_ends(alice, bob, code):
    assert bob.tab.call("typing", {"is_typing": True}) == {"ok": True}
    bob.tab.emit("typing", {"is_typing": True})
    bob.tab.emit("typing", {"is_typing": False})
    bob.tab.emit("typing", {"is_typing": False})
    bob.send("end")
    alice.wait_for_text("end")
    assert [names(news["users"]) for news in alice.heard("typing")] == [["Bob"], ["Bob"], []]


def test_typing_never_sticks(alice, bob, code):
    bob.tab.emit("typing", {"is_typing": True})
    alice.wait_for("typing", lambda news: news["users"])
    bob.tab.close()
    alice.wait_for("typing", lambda news: not news["users"])


@pytest.mark.parametrize("payload", [None, {}, {"is_typing": "yes"}, True])
def test_typing_that_cannot_be_read_is_refused(alice, code, payload):
    assert alice.tab.call("typing", payload)["error"]["code"] == "invalid"


def test_a_socket_without_the_room_is_refused(alice, bob, charlie, code):
    for auth_code, error in ((code, "not_a_member"), ("ZZZZ", "room_not_found")):
        with pytest.raises(Refused) as refused:
            charlie.connect(auth_code)
        assert refused.value.error["code"] == error
    with pytest.raises(Refused) as refused:
        charlie.connect()
    assert refused.value.error["code"] == "not_a_member"


def test_a_forged_session_is_nobody(alice, code):
    alice.http.cookies.set("session", "eyJ1c2VyIjoxfQ.aaaaaa.forged", domain="127.0.0.1")
    with pytest.raises(Refused) as refused:
        alice.connect(code)
    assert refused.value.error["code"] == "not_a_member"


def test_no_payload_decides_room_or_author(alice, bob, charlie, code):
    elsewhere = charlie.enter()
    alice.send("mine", room=elsewhere, code=elsewhere, user_id=999, name="Charlie")
    assert bob.wait_for_text("mine")["name"] == "Alice"
    assert not charlie.heard("message")


def test_the_room_defaults_to_the_latest(alice, code):
    assert alice.connect().wait_for("room")["room"]["code"] == code


def test_two_tabs_in_two_rooms(alice, bob, code):
    other = alice.enter()
    first, second = alice.tabs[0], alice.tabs[1]
    bob.send("for the first")
    first.wait_for_text("for the first")
    second.send("for the second")
    second.wait_for_text("for the second")
    assert first.texts() == ["for the first"]
    assert second.texts() == ["for the second"]
    assert other != code


def test_long_polling_works_too(alice, bob, code):
    tab = bob.connect(code, transports=("polling",))
    tab.wait_for("room")
    alice.send("over polling")
    tab.wait_for_text("over polling")
    assert tab.send("and back")["ok"]
    alice.wait_for_text("and back")


def test_a_message_posted_by_form_is_relayed(alice, bob, code):
    bob.post(f"/room/{code}", {"message": "by form", "id": "form-1"})
    assert alice.wait_for_text("by form")["name"] == "Bob"


def test_numbers_that_were_not_relayed_are_told(alice, code, server):
    """As if another process had stored a message, or a relay had been lost."""
    alice.send("relayed")
    add_message_behind_the_servers_back(server, code)
    assert alice.wait_for("head")["seq"] == 2
    assert [message["message"] for message in alice.tab.sync(1)["messages"]] == ["behind"]


def add_message_behind_the_servers_back(server, code):
    script = f"""
from app import create_app
from models import db, Room, Participant
from parlor.rooms import LiveRoom
from parlor.store import Draft
from tests.support.rows import store
with create_app().app_context():
    room = db.session.query(Room).filter_by(code="{code}", closed_at=None).one()
    user = db.session.query(Participant).filter_by(room_id=room.id).first().user_id
    store([Draft(LiveRoom(room.id, room.code, 0, 0), user, "x1", "behind")])
"""
    subprocess.run(
        [ROOT / ".venv/bin/python", "-c", script], cwd=ROOT, env=server.environment, check=True,
        capture_output=True, timeout=30,
    )  # fmt: skip


def test_the_javascript_client_speaks_the_same(alice, server, code):
    """The client of the pages, in Node: joins, sends, is acknowledged, and hears."""
    cookie = "; ".join(f"{name}={value}" for name, value in alice.http.cookies.items())
    script = """
const { io } = await import("./static/vendor/node_modules/socket.io-client/build/esm/index.js");
const [url, room, cookie] = process.argv.slice(1);
const socket = io(url, { auth: { room }, extraHeaders: { cookie }, transports: ["websocket"] });
const heard = {};
for (const event of ["room", "message"]) socket.on(event, (data) => { heard[event] = data; });
socket.on("connect_error", (error) => { console.log(error.message); process.exit(1); });
socket.on("connect", async () => {
  heard.ack = await socket.timeout(4000).emitWithAck("message", { data: "from node", id: "js-1" });
  await new Promise((done) => setTimeout(done, 200));
  console.log(JSON.stringify(heard));
  socket.close();
});
"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, server.url, code, cookie],
        cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    heard = json.loads(done.stdout)
    assert heard["room"]["room"]["code"] == code
    assert heard["ack"]["ok"]
    assert heard["message"]["message"] == "from node"


def test_after_a_crash_everything_acknowledged_is_there(start_server, person):
    server = start_server()
    alice, bob = person("Alice", server), person("Bob", server)
    code = alice.enter()
    bob.enter(code)
    acks = [alice.send(f"number {n}") for n in range(20)]
    server.kill()
    server.start()
    room = bob.connect(code, after=0).wait_for("room")
    assert [message["seq"] for message in room["messages"]] == [ack["seq"] for ack in acks]
    alice.connect(code).wait_for("room")
    assert alice.send("after the crash")["seq"] == 21
    bob.wait_for_text("after the crash")


def test_a_room_without_people_closes_and_its_code_is_free(start_server, person):
    server = start_server(ROOM_GRACE=2, LEAVE_GRACE=1)
    alice, bob = person("Alice", server), person("Bob", server)
    code = alice.enter()
    alice.send("remember me")
    time.sleep(4)
    assert alice.get(f"/api/chat/rooms/{code}").status_code == 200, "somebody is here"
    alice.tab.close()
    wait_until(lambda: bob.get(f"/api/chat/rooms/{code}").status_code == 404)
    assert "remember me" in alice.get("/history").text
    assert code not in server.flask("rooms")


def test_a_room_that_a_restart_found_empty_closes_too(start_server, person):
    server = start_server(ROOM_GRACE=2, LEAVE_GRACE=1)
    alice = person("Alice", server)
    code = alice.enter()
    alice.tab.close()
    server.kill()
    server.start()
    wait_until(lambda: code not in server.flask("rooms"), 15)


def wait_until(is_so, seconds=10):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)
