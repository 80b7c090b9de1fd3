"""One room on two and on four processes: who is here, and who types."""

import time

import pytest

from tests.support.across import here, names, rows, wait_until, wait_until_here


@pytest.fixture
def doors(pair):
    """Alice is on one process, Bob on the other."""
    return pair


@pytest.fixture
def code(alice, bob):
    """A room that Alice has opened on one process, and Bob is in on the other."""
    code = alice.enter()
    bob.enter(code)
    alice.wait_for("presence", lambda news: "Bob" in names(news["joined"]))
    return code


@pytest.fixture
def crowd(person, four):
    """Four people in one room, each on a process of their own; and its code."""
    people = [
        person(name, server)
        for name, server in zip(("Alice", "Bob", "Charlie", "Dora"), four, strict=True)
    ]
    code = people[0].enter()
    for one in people[1:]:
        one.enter(code)
    wait_until_here([one.name for one in people], code, *people)
    for one in people:
        one.wait_for("presence", lambda news: "Dora" in names(news["joined"]))
    return people, code


def told(person, what):
    """Whom a person was told of who `joined`, or `left`: each time anew."""
    return [one["name"] for news in person.heard("presence") for one in news[what]]


# Rooms


def test_a_room_opened_on_one_process_is_joined_on_another(alice, bob):
    code = alice.enter()
    bob.join(code)
    assert f"/room/{code}" in bob.get("/room").headers["Location"]
    room = bob.connect(code).wait_for("room")
    assert names(room["members"]) == ["Alice", "Bob"]
    assert room["count"] == 2
    assert room["room"] == alice.heard("room")[0]["room"]


def test_a_browser_is_the_same_person_on_each_process(alice, pair):
    code = alice.enter()
    there = alice.at(pair[1])
    room = there.connect(code).wait_for("room")
    assert room["me"] == alice.heard("room")[0]["me"]
    assert (names(room["members"]), room["count"]) == (["Alice"], 1)


def test_a_name_is_taken_on_all_processes(alice, person, pair):
    code = alice.enter()
    answer = person("Alice", pair[1]).post("/", {"name": "alice", "code": code, "join": "1"})
    assert answer.status_code == 409


# Who is here


def test_every_list_names_the_same_people(crowd):
    people, code = crowd
    everybody = ["Alice", "Bob", "Charlie", "Dora"]
    for one in people:
        again = one.connect(code)
        room = again.wait_for("room")
        assert (names(room["members"]), room["count"]) == (everybody, 4)
        assert here(one, code) == (everybody, 4)
        page = one.get(f"/room/{code}").text
        assert all(name in page for name in everybody)
        assert "data-count>4<" in page


def test_the_lists_of_rooms_and_of_conversations_count_everybody(crowd):
    people, code = crowd
    alice = people[0]
    name = f"The attic {code}"
    form = {"name": name, "description": "", "listed": "1"}
    assert alice.post(f"/room/{code}/settings", form).status_code == 303
    for one in people:
        wait_until(lambda one=one: listed(one, name) == (["Alice", "Bob", "Charlie", "Dora"], 4))
        wait_until(lambda one=one: name in one.get("/").text)
        [mine] = [row for row in conversations(one) if row["room"] == code]
        assert (mine["count"], len(mine["here"])) == (3, 2)
        assert one.name not in mine["here"]


def listed(person, name):
    rooms = person.get("/api/chat/rooms").json()["rooms"]
    found = next((room for room in rooms if room.get("name") == name), None)
    return found and (names(found["here"]), found["count"])


def conversations(person):
    return person.tab.call("conversations", None)["conversations"]


def test_who_came_by_a_form_alone_is_here_on_all_processes(alice, bob):
    code = alice.enter()
    bob.join(code)
    news = alice.wait_for("presence", lambda news: "Bob" in names(news["joined"]))
    assert news["count"] == 2
    wait_until_here(["Alice", "Bob"], code, alice, bob)


# What it costs


def test_a_room_is_heard_by_the_processes_that_have_somebody_in_it_alone(person, four):
    """So that what is said costs as much as there are of these."""
    alice, bob, charlie = (person(name, four[n]) for n, name in enumerate(("Alice", "Bob", "Cat")))
    code = alice.enter()
    for one in (bob, charlie):
        one.enter(code)
    channel = f"parlor:0:room:{room_id(four, code)}"
    wait_until(lambda: followers(four, channel) == 3)
    charlie.tab.close()
    bob.post(f"/room/{code}/leave")
    wait_until(lambda: followers(four, channel) == 1, seconds=20)


def room_id(cluster, code):
    [[id]] = rows(cluster.database_url, "SELECT id FROM room WHERE code = %s", code)
    return id


def followers(cluster, channel):
    with cluster.redis.client() as client:
        [(_, count)] = client.pubsub_numsub(channel)
        return count


# Coming and going


def test_coming_and_going_is_told_once_on_each_process(crowd, person, four):
    people, code = crowd
    emma = person("Emma", four[3])
    for one in people:
        one.tab.forget()
    emma.enter(code)
    for one in people:
        news = one.wait_for("presence", lambda news: "Emma" in names(news["joined"]))
        assert news["count"] == 5
    emma.tab.close()
    for one in people:
        news = one.wait_for("presence", lambda news: "Emma" in names(news["left"]))
        assert news["count"] == 4
    time.sleep(1)
    for one in people:
        assert (told(one, "joined"), told(one, "left")) == (["Emma"], ["Emma"])
    wait_until_here([one.name for one in people], code, *people)


def test_tabs_on_two_processes_are_one_person(alice, bob, code, pair):
    alice.tab.forget()
    there = bob.at(pair[0])
    there.connect(code).wait_for("room")
    wait_until_here(["Alice", "Bob"], code, alice, bob)
    bob.tab.close()
    time.sleep(3)  # longer than the grace
    assert not alice.heard("presence")
    wait_until_here(["Alice", "Bob"], code, alice, bob)
    there.tab.close()
    news = alice.wait_for("presence", lambda news: news["left"])
    assert (names(news["left"]), news["count"]) == (["Bob"], 1)
    wait_until_here(["Alice"], code, alice, bob)
    assert told(alice, "left") == ["Bob"]


def test_who_reloads_onto_another_process_has_not_left(alice, bob, code, pair):
    alice.tab.forget()
    there = bob
    for n in (0, 1, 0):
        there.tab.close()
        there = bob.at(pair[n])
        there.connect(code).wait_for("room")
    time.sleep(3)
    assert not alice.heard("presence")
    wait_until_here(["Alice", "Bob"], code, alice, bob)


def test_who_leaves_is_gone_from_all_processes_at_once(alice, bob, code, pair):
    there = bob.at(pair[0])
    there.connect(code).wait_for("room")
    alice.tab.forget()
    assert there.post(f"/room/{code}/leave").status_code == 303
    news = alice.wait_for("presence", lambda news: news["left"])
    assert (names(news["left"]), news["count"]) == (["Bob"], 1)
    for tab in (bob.tab, there.tab):
        tab.wait_for("disconnect")
    wait_until_here(["Alice"], code, alice)
    assert bob.get(f"/api/chat/rooms/{code}").status_code == 403


def test_another_name_is_heard_on_all_processes(crowd):
    people, code = crowd
    dora = people[3]
    dora.submit({"name": "Dorothea", "code": code, "join": "1"})
    for one in people:
        one.wait_for("presence", lambda news: "Dorothea" in names(news["joined"]))
    wait_until_here(["Alice", "Bob", "Charlie", "Dorothea"], code, *people)


# Typing


def test_who_types_is_told_on_all_processes(crowd):
    people, _ = crowd
    bob = people[1]
    bob.tab.call("typing", {"is_typing": True})
    for one in people:
        one.wait_for("typing", lambda news: names(news["users"]) == ["Bob"])
    people[2].tab.call("typing", {"is_typing": True})
    for one in people:
        one.wait_for("typing", lambda news: names(news["users"]) == ["Bob", "Charlie"])
    bob.tab.call("typing", {"is_typing": False})
    for one in people:
        one.wait_for("typing", lambda news: names(news["users"]) == ["Charlie"])
        one.wait_for("typing", lambda news: not news["users"])  # it ends by itself


def test_who_goes_does_not_type_any_more(alice, bob, code):
    bob.tab.call("typing", {"is_typing": True})
    alice.wait_for("typing", lambda news: news["users"])
    bob.post(f"/room/{code}/leave")
    alice.wait_for("typing", lambda news: not news["users"])
