"""Two processes of Parlor behind nginx, in front of PgBouncer and Redis, as deploy/ has them."""

import re
from contextlib import closing

import pytest
import websocket

from tests.support import missing
from tests.support.ears import Ear, Poll
from tests.support.listening import Listening, address
from tests.support.nginx import Nginx
from tests.support.people import PASSWORD
from tests.support.pgbouncer import DeployedPgBouncer, find_pgbouncer


@pytest.fixture(scope="module")
def cluster(cluster_of, postgres):
    program = find_pgbouncer() or missing("PgBouncer")
    settings = {"STICKY": "on", "PROXY_HOPS": 1, "LEAVE_GRACE": 2}
    with (
        DeployedPgBouncer(program, postgres) as bouncer,
        cluster_of(2, DATABASE_URL=bouncer.url, **settings) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def nginx(nginx_binary, cluster):
    with Nginx(nginx_binary, [server.port for server in cluster]) as nginx:
        yield nginx


@pytest.fixture
def alice(person, nginx):
    return person("Alice", nginx)


@pytest.fixture
def bob(person, nginx):
    return person("Bob", nginx)


def test_pages_are_kept_as_parlor_says(alice):
    page = alice.get("/")
    assert page.headers["Cache-Control"] == "private, no-cache"
    style = re.search(r'href="(/static/page/\w+\.\w+\.css)"', page.text)[1]
    static = alice.get(style)
    assert static.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert static.headers["Content-Encoding"]
    assert "Set-Cookie" not in static.headers


def test_people_talk_and_see_each_other(alice, bob):
    code = alice.enter()
    bob.enter(code)
    assert alice.send("hello")["ok"]
    bob.wait_for_text("hello")
    assert bob.send("hello yourself")["ok"]
    alice.wait_for_text("hello yourself")


def test_it_does_not_matter_where_nginx_takes_whom(alice, person, cluster):
    code = alice.enter()
    others = [
        person(name, server) for name, server in zip(("Bob", "Charlie"), cluster, strict=True)
    ]
    for other in others:
        other.enter(code)
    assert alice.send("hello, both of you")["ok"]
    for other in others:
        other.wait_for_text("hello, both of you")


def test_who_has_an_account_signs_in(person, nginx):
    person("Dora", nginx).keep_name()
    elsewhere = person("Dora", nginx)
    form = {"name": "Dora", "password": PASSWORD}
    assert elsewhere.post("/sign-in", form).status_code == 303


def test_long_polling_works(nginx, alice, bob):
    code = alice.create()
    bob.enter(code)
    poll = Poll(nginx, alice, code)
    with Ear(poll) as ear:
        ear.wait_for("40")
        for n in range(5):
            poll.send(f'42{n}["message",{{"data":"{n}","id":"id-{n}"}}]')
            assert ear.ack(n)["ok"]
        bob.wait_for_text("4")
        bob.send("and you?")
        ear.wait_for('42["message"', "and you?")


def test_long_polling_becomes_a_websocket(alice, bob):
    code = alice.create()
    bob.enter(code)
    alice.connect(code, transports=("polling", "websocket")).wait_for("room")
    assert alice.tab.client.transport() == "websocket"
    assert alice.send("hello")["ok"]
    bob.wait_for_text("hello")


def test_programs_come_in(nginx, alice):
    code = alice.enter()
    with closing(Listening(nginx, code, {"username": "Ada"})) as ada:
        ada.wait_for("users_list")
        assert ada.ask("hello")["type"] == "ack"
        alice.wait_for_text("hello")


def test_a_page_of_another_site_cannot_act(nginx, alice):
    evil = {"Origin": "http://evil.example"}
    assert alice.post("/", {"name": "Alice", "create": "1"}, headers=evil).status_code == 403
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(address(nginx, "K7QP"), origin="http://evil.example")


def test_one_process_is_killed_and_the_other_takes_over(nginx, cluster, person):
    people = [person(f"Guest {n}", nginx) for n in range(6)]
    code = people[0].enter()
    for one in people[1:]:
        one.enter(code)
    cluster[0].kill()
    try:
        for one in people:
            assert one.get(f"/room/{code}").status_code == 200
            one.connect(code).wait_for("room")
            assert one.send(f"{one.name} is back")["ok"]
        people[0].wait_for_text("Guest 5 is back")
    finally:
        cluster[0].start()
