"""What is said in one room on two and on four processes, and what is told of it."""

import json
import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import ROOT
from tests.support.across import names, wait_until
from tests.support.wire import cookies

PEOPLE = "Alice", "Bob", "Charlie", "Dora"
EACH = 25


@pytest.fixture
def doors(pair):
    """Alice is on one process, Bob on the other."""
    return pair


@pytest.fixture
def crowd(person, four):
    """Four people in one room, each on a process of their own."""
    people = [person(name, server) for name, server in zip(PEOPLE, four, strict=True)]
    code = people[0].enter()
    for one in people[1:]:
        one.enter(code)
    return people


def numbers(tab):
    return [message["seq"] for message in tab.heard("message")]


# Messages


def test_a_message_reaches_the_room_on_all_processes_and_no_other_room(
    alice, bob, code, person, pair
):
    stranger = person("Charlie", pair[1])
    stranger.enter()
    ack = alice.send("Hello", id="id-1")
    assert ack["ok"]
    message = bob.wait_for_text("Hello")
    assert message == alice.wait_for_text("Hello")
    assert (message["seq"], message["name"]) == (ack["seq"], "Alice")
    bob.send("Hi", reply_to=1)
    assert alice.wait_for_text("Hi")["reply_to"] == 1
    assert not stranger.heard("message")


def test_everybody_hears_all_of_it_once_without_a_hole(crowd):
    def talk(person):
        for n in range(EACH):
            person.tab.emit("message", {"data": f"{person.name} {n}", "id": uuid.uuid4().hex})

    with ThreadPoolExecutor(len(crowd)) as threads:
        list(threads.map(talk, crowd))
    every = list(range(1, len(crowd) * EACH + 1))
    for one in crowd:
        wait_until(lambda one=one: len(one.heard("message")) >= len(every))
        assert sorted(numbers(one.tab)) == every, "each once"
    heard = [sorted(one.heard("message"), key=lambda m: m["seq"]) for one in crowd]
    assert heard == [heard[0]] * len(crowd)
    for one in crowd:
        said = [m["message"] for m in heard[0] if m["name"] == one.name]
        assert said == [f"{one.name} {n}" for n in range(EACH)], "in the order they were said"


def test_one_persons_messages_come_in_their_order(alice, bob, code):
    for n in range(100):
        alice.tab.emit("message", f"number {n}")
    bob.wait_for_text("number 99")
    assert numbers(bob.tab) == list(range(1, 101))


def test_the_same_id_sent_to_two_processes_is_one_message(alice, bob, code, pair):
    there = alice.at(pair[1])
    there.connect(code).wait_for("room")
    both = threading.Barrier(2)

    def send(tab):
        both.wait(5)
        return tab.send("once", id="same")

    with ThreadPoolExecutor(2) as threads:
        acks = list(threads.map(send, [alice.tab, there.tab]))
    assert acks[0] == acks[1]
    assert acks[0]["seq"] == 1
    there.send("end")
    for tab in (alice.tab, there.tab, bob.tab):
        tab.wait_for_text("end")
        assert numbers(tab) == [1, 2]


def test_what_is_acknowledged_on_one_process_is_there_on_another(alice, bob, code):
    for n in range(1, 21):
        assert alice.send(f"number {n}")["seq"] == n
        assert bob.tab.sync(n - 1)["through"] >= n
    room = bob.connect(code).wait_for("room")
    assert [message["seq"] for message in room["messages"]] == list(range(1, 21))


def test_whoever_comes_while_others_talk_elsewhere_misses_nothing(alice, bob, code):
    talking = threading.Event()

    def talk():
        while not talking.wait(0.002):
            alice.tab.emit("message", "and another thing")

    thread = threading.Thread(target=talk)
    thread.start()
    tabs = [bob.connect(code) for _ in range(8)]
    talking.set()
    thread.join(10)
    alice.send("the end")
    for tab in tabs:
        tab.wait_for_text("the end")
        [room] = tab.heard("room")
        seen = {message["seq"] for message in [*room["messages"], *tab.heard("message")]}
        assert seen == set(range(min(seen), max(seen) + 1))


def test_what_is_said_over_json_is_heard_on_the_other_process(alice, bob, code):
    said = {"data": "by hand", "id": "json-1"}
    answer = bob.post(f"/api/chat/rooms/{code}/messages", json=said)
    assert answer.status_code == 201
    assert alice.wait_for_text("by hand")["name"] == "Bob"


# Changes


def test_edits_and_deletions_are_heard_on_the_other_process(alice, bob, code):
    alice.send("Helo")
    bob.wait_for_text("Helo")
    path = f"/api/chat/rooms/{code}/messages/1"
    assert alice.http.patch(alice.url + path, json={"data": "Hello"}).status_code == 200
    edited = bob.wait_for_text("Hello")
    assert (edited["seq"], edited["version"]) == (1, 2)
    assert edited == alice.wait_for_text("Hello")
    assert alice.http.delete(alice.url + path).status_code == 200
    deleted = bob.wait_for("message", lambda message: "deleted_at" in message)
    assert (deleted["seq"], deleted["version"], deleted["message"]) == (1, 3, "")


def test_what_is_said_of_a_room_is_heard_on_the_other_process(alice, bob, code):
    form = {"name": f"The cellar {code}", "description": "Dark"}
    assert alice.post(f"/room/{code}/settings", form).status_code == 303
    facts = bob.wait_for("facts")
    assert facts == alice.wait_for("facts")
    assert (facts["name"], facts["description"]) == (f"The cellar {code}", "Dark")


def test_a_name_that_is_kept_or_changed_is_heard_on_the_other_process(alice, bob, code):
    name = f"Alice {uuid.uuid4().hex[:8]}"
    answer = alice.post("/account", {"name": name, "password": "a lamp and a chair"})
    assert answer.status_code == 303
    assert bob.wait_for("renamed")["name"] == name
    alice.send("It is me")
    assert bob.wait_for_text("It is me")["name"] == name
    bob.tab.forget()
    assert alice.post("/account/name", {"name": f"{name} B"}).status_code == 303
    told = bob.wait_for("renamed")
    assert (told["name"], told["account"]) == (f"{name} B", True)
    room = bob.connect(code).wait_for("room")
    assert names(room["members"]) == sorted([f"{name} B", "Bob"])
    assert alice.send("Still me")["ok"]
    assert bob.wait_for_text("Still me")["name"] == f"{name} B"


# Lists of conversations


def test_unread_counts_and_read_marks_are_live_across_processes(account, pair):
    one, other = pair
    word = uuid.uuid4().hex[:8]
    alice, bob = account(f"Alice {word}", one), account(f"Bob {word}", other)
    lobby = listening(alice)
    begun = bob.post("/conversations", {"people": alice.name})
    code = begun.headers["Location"].rpartition("/")[2]
    assert news(lobby, code, "kind")["title"] == bob.name
    bob.connect(code).wait_for("room")
    lobby.wait_for("conversation", lambda told: told.get("here") == [bob.name])
    for text in ("one", "two", "three"):
        bob.send(text)
    told = lobby.wait_for("conversation", lambda told: told.get("seq") == 3)
    assert told["last"]["message"] == "three"
    assert of(listening(alice), code)["unread"] == 3
    phone = alice.at(other).connect(code)
    phone.wait_for("room")
    assert phone.call("read", {"seq": 2}) == {"ok": True}
    told = lobby.wait_for("conversation", lambda told: told.get("last_read_seq") == 2)
    assert told["unread"] == 1
    lobby.forget()
    phone.call("read", {"seq": 3})
    assert news(lobby, code, "last_read_seq")["unread"] == 0
    wait_until(lambda: of(listening(alice), code)["unread"] == 0)


def listening(person):
    tab = person.connect(lobby=True)
    tab.answer = tab.call("conversations", None)
    return tab


def of(tab, code):
    [found] = [one for one in tab.answer["conversations"] if one["room"] == code]
    return found


def news(tab, code, field):
    return tab.wait_for("conversation", lambda told: told["room"] == code and field in told)


def test_a_group_that_one_is_brought_into_appears_on_the_other_process(account, pair):
    word = uuid.uuid4().hex[:8]
    alice, bob = account(f"Alice {word}", pair[0]), account(f"Bob {word}", pair[1])
    lobby = listening(bob)
    begun = alice.post("/conversations", {"people": bob.name, "title": "Friends"})
    code = begun.headers["Location"].rpartition("/")[2]
    assert news(lobby, code, "kind")["title"] == "Friends"
    alice.connect(code).wait_for("room")
    alice.send("Hello")
    assert news(lobby, code, "last")["last"]["message"] == "Hello"


# Programs


def test_programs_and_people_talk_across_processes(program, alice, bob, code, pair):
    one, other = pair
    ada = program(one, code, {"username": "Ada"})
    eve = program(other, code, {"username": "Eve"})
    ada.wait_for("users_list", count=4)
    eve.wait_for("users_list", count=4)
    assert ada.ask("Hello from a program")["seq"] == 1
    for person in (alice, bob):
        assert person.wait_for_text("Hello from a program")["name"] == "Ada"
    assert eve.wait_for("message", seq=1)["message"] == "Hello from a program"
    bob.send("Hello, programs")
    assert ada.wait_for("message", seq=2) == eve.wait_for("message", seq=2)
    eve.say("typing", is_typing=True)
    ada.wait_for("typing", users=[eve.wait_for("system", event="welcome")["me"]])
    alice.wait_for("typing", lambda news: names(news["users"]) == ["Eve"])
    eve.close()
    left = ada.wait_for("system", event="left")
    assert (names(left["users"]), left["count"]) == (["Eve"], 3)


IN_NODE = """
const { io } = await import("./static/vendor/node_modules/socket.io-client/build/esm/index.js");
const [url, room, cookie] = process.argv.slice(1);
const socket = io(url, { auth: { room }, extraHeaders: { cookie }, transports: ["websocket"] });
const heard = [];
socket.on("message", async (message) => {
  heard.push(message.message);
  if (message.message === "Hello, Node") {
    await socket.timeout(4000).emitWithAck("message", { data: "Hello from Node", id: "js-1" });
    console.log(JSON.stringify(heard));
    socket.close();
  }
});
socket.on("room", () => console.log("in"));
setTimeout(() => process.exit(1), 15000).unref();
"""


def test_the_javascript_client_on_one_process_talks_to_python_on_another(alice, bob, code, pair):
    command = ["node", "--input-type=module", "-e", IN_NODE, pair[1].url, code, cookies(bob)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout.readline() == "in\n"
        alice.send("Hello, Node")
        assert alice.wait_for_text("Hello from Node")["name"] == "Bob"
        assert "Hello, Node" in json.loads(node.stdout.readline())
        assert node.wait(10) == 0
