"""The plain WebSocket door: programs and browsers in one room, over a real server."""

import threading
import time

import pytest
import requests

from tests.support.server import DevServer
from tests.support.talk import enter, expect_all, say


@pytest.fixture
def server(server_of_each_way):
    return server_of_each_way


def test_a_program_and_a_browser_talk(enters, alice, server):
    code = alice.enter()
    ada = enters(code, "Ada")
    alice.wait_for("presence", lambda data: "Ada" in names(data["joined"]))
    ack = ada.ask("Hello from a program", id="one")
    heard = alice.wait_for_text("Hello from a program")
    assert (ack["seq"], ack["id"], ack["timestamp"]) == (1, "one", heard["timestamp"])
    alice.send("Hello, program", reply_to=1)
    answer = ada.wait_for("message", message="Hello, program")
    assert (answer["name"], answer["reply_to"], answer["seq"]) == ("Alice", 1, 2)
    assert {"type": "message", **heard} == ada.heard("message")[0], "its own, as to everybody"


def test_what_it_is_told_comes_in_order(enters, alice, server):
    code = alice.enter()
    for text in ("one", "two"):
        alice.send(text)
    ada = enters(code, "Ada")
    assert ada.kinds()[:4] == ["welcome", "message", "message", "users_list"]
    welcome = ada.heard("system", event="welcome")[0]
    assert (welcome["room"]["code"], welcome["me"]["name"]) == (code, "Ada")
    assert (welcome["through"], ada.texts()) == (2, ["one", "two"])
    here = ada.heard("users_list")[0]
    assert (names(here["users"]), here["count"]) == (["Alice", "Ada"], 2)


def names(people):
    return [person["name"] for person in people]


def test_message_is_another_name_for_data(enters, opened):
    ada = enters(opened, "Ada")
    ada.say("message", message="Hi", ref=7)
    assert ada.wait_for("ack", ref=7)["seq"] == 1
    assert ada.ask("Hi again", id="x", ref="r")["seq"] == 2
    assert ada.ask("Hi again", id="x", ref="s")["seq"] == 2, "the same id, the same message"
    assert ada.texts() == ["Hi", "Hi again"]


def test_people_who_come_and_go_are_told(enters, bob, opened):
    ada = enters(opened, "Ada")
    bob.enter(opened)
    told = ada.wait_for("users_list", count=3)
    assert names(told["users"]) == ["Alice", "Ada", "Bob"]
    joined = [user for one in ada.heard("system", event="joined") for user in one["users"]]
    assert "Bob" in names(joined)
    ada.forget()
    bob.close()
    left = ada.wait_for("system", event="left", text="Bob left.")
    assert (names(left["users"]), left["count"]) == (["Bob"], 2)
    assert names(ada.wait_for("users_list")["users"]) == ["Alice", "Ada"]


def test_a_program_that_goes_has_left_after_the_grace(enters, alice):
    ada = enters(alice.enter(), "Ada")
    ada.close()
    alice.wait_for("presence", lambda data: names(data["left"]) == ["Ada"])


def test_who_types_is_told_both_ways(enters, alice):
    ada = enters(alice.enter(), "Ada")
    ada.say("typing", is_typing=True)
    alice.wait_for("typing", lambda data: names(data["users"]) == ["Ada"])
    ada.say("typing", is_typing=False)
    ada.wait_for("typing", users=[])
    alice.tab.call("typing", {"is_typing": True})
    me = alice.heard("room")[0]["me"]
    ada.wait_for("typing", users=[me])


def test_a_program_comes_back_and_gets_what_it_missed(enters, program, alice, server):
    code = alice.enter()
    ada = enters(code, "Ada")
    token = ada.heard("system", event="welcome")[0]["token"]
    alice.send("one")
    ada.wait_for("message", seq=1)
    ada.close()
    alice.send("two")
    alice.send("three")
    back = program(server, code, {"token": token, "after": 1})
    back.wait_for("users_list")
    assert back.texts() == ["two", "three"]
    me = back.heard("system", event="welcome")[0]["me"]
    assert me == ada.heard("system", event="welcome")[0]["me"], "the same guest"


def test_what_has_a_ref_is_answered_with_it(enters, alice):
    ada = enters(alice.enter(), "Ada")
    ada.say("message", data="one", ref=1)
    ada.wait_for("ack", seq=1, ref=1)
    ada.say("sync", after=0, ref="all")
    ada.wait_for("system", event="synced", through=1, more=False, ref="all")
    ada.say("sync", after="?", ref=3)
    ada.wait_for("error", ref=3)


def test_all_that_was_missed_comes_before_what_happens_now(enters, program, alice, server):
    code = alice.create()
    ada = enters(code, "Ada")
    for n in range(1, 451):
        ada.say("message", data=f"{n}")
    ada.wait_for("message", timeout=20, seq=450)
    bob = program(server, code, {"username": "Bob", "after": 0})
    for n in range(451, 471):
        ada.say("message", data=f"{n}")
    bob.wait_for("message", timeout=20, seq=470)
    assert bob.numbers() == list(range(1, 471)), "each once, in order"
    assert bob.kinds().index("users_list") > 450, "what happens now comes after"


def test_a_program_that_is_back_within_the_grace_has_not_left(start_server, person, program):
    server = start_server(LEAVE_GRACE=5, name="patient")
    alice = person("Alice", server)
    code = alice.enter()
    ada = program(server, code, {"username": "Ada"})
    token = ada.wait_for("system", event="welcome")["token"]
    alice.wait_for("presence", lambda data: "Ada" in names(data["joined"]))
    ada.close()
    program(server, code, {"token": token}).wait_for("users_list", count=2)
    time.sleep(6)
    assert not [data for data in alice.heard("presence") if data["left"]]


def test_a_room_that_is_closed_says_so(person, server, program):
    alice = person("Alice", server)
    code = alice.create()
    ada = program(server, code, {"username": "Ada"})
    ada.wait_for("users_list")
    assert alice.http.delete(f"{server.url}/api/chat/rooms/{code}", timeout=5).status_code == 204
    assert ada.wait_until_closed() == 1008
    assert ada.kinds()[-1] == "closed"


def test_a_page_and_a_program_see_each_other(page_for, enters, server):
    page = page_for("Alice", server)
    code = enter(page, "Alice")
    ada = enters(code, "Ada")
    for n in range(5):
        say(page, f"page {n}")
        ada.wait_for("message", message=f"page {n}")
        ada.ask(f"program {n}", n)
    expected = [f"{who} {n}" for n in range(5) for who in ("page", "program")]
    expect_all(page, expected)
    assert ada.texts() == expected
    assert ada.numbers() == list(range(1, 11)), "numbers without holes"


def test_programs_and_sockets_at_once_leave_no_hole(enters, alice):
    code = alice.enter()
    programs = [enters(code, f"Ada {n}") for n in range(5)]

    def talk(one):
        for n in range(20):
            one.ask(f"{n}", f"ref-{n}")

    talkers = [threading.Thread(target=talk, args=[one]) for one in programs]
    for talker in talkers:
        talker.start()
    for n in range(20):
        alice.send(f"Alice {n}")
    for talker in talkers:
        talker.join()
    alice.wait_for("message", lambda message: message["seq"] == 120)
    for one in programs:
        one.wait_for("message", seq=120)
        assert one.numbers() == list(range(1, 121))
    assert [message["seq"] for message in alice.heard("message")] == list(range(1, 121))


def test_under_make_dev_too(tmp_path, program):
    """Threads instead of greenlets, and another server's sockets."""
    with DevServer(tmp_path / "dev", RELAY="plain") as server:
        room = requests.post(server.url, {"name": "Alice", "create": "1"}, timeout=20)
        code = room.url.rpartition("/")[2]
        ada, bob = (program(server, code, {"username": name}) for name in ("Ada", "Bob"))
        for one in (ada, bob):
            one.wait_for("users_list")
        assert ada.ask("Hi")["seq"] == 1
        assert bob.wait_for("message", seq=1)["name"] == "Ada"
        ada.line.send_close(1000)
        assert ada.wait_until_closed() == 1000
        bob.wait_for("system", timeout=20, event="left", text="Ada left.")
