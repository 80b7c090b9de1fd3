"""Who may do what: every route and every event, by everybody there is, as tables.

A row is a route or an event, and what each of the people gets: over HTTP a status, over sockets
"ok" or an error's code. A route or an event without a row fails, too.
"""

import re
from contextlib import closing
from types import MappingProxyType

import pytest

from parlor import identity, logins, transport
from parlor.transactions import transaction
from tests.support.listening import Listening
from tests.support.people import SOON, Refused

PASSWORD = "correct horse"

OPEN_ROOM = """
                                              stranger  guest  member  owner
GET    /                                        200      200    200     200
POST   /                                        303      303    303     303
GET    /room                                    303      303    303     303
GET    /room/<code>                             200      200    200     200
POST   /room/<code>                             403      303    303     303
POST   /room/<code>/leave                       403      303    303     303
GET    /conversations                           200       200    200     200
GET    /conversations/new                       303       303    200     200
POST   /conversations                           401       401    303     303
GET    /room/<code>/settings                    403       403    403     200
POST   /room/<code>/settings                    403       403    403     303
POST   /room/<code>/close                       403       403    403     303
POST   /room/<code>/people                      403       403    403     403
POST   /room/<code>/people/<user_id>/remove     403       403    403     303
GET    /history                                 200      200    200     200
GET    /healthz                                 200      200    200     200
GET    /readyz                                  200      200    200     200
GET    /account                                 200      200    200     200
POST   /account                                 303       303    303     303
POST   /account/delete                          303       303    403     403
POST   /account/name                            303       303    303     303
POST   /account/password                        303       303    403     403
POST   /account/profile                         303       303    303     303
POST   /account/sessions/<id>/end               303       303    404     404
GET    /sign-in                                 200      200    303     303
POST   /sign-in                                 401      401    401     401
POST   /sign-out                                303      303    303     303
POST   /api/auth/login                          401      401    401     401
POST   /api/auth/logout                         401       401    204     204
POST   /api/auth/refresh                        401      401    401     401
POST   /api/auth/register                       201       201    201     201
POST   /api/chat/directs                        401      401    200     200
POST   /api/chat/groups                         401      401    201     201
GET    /api/chat/rooms                          200      200    200     200
POST   /api/chat/rooms                          201      201    201     201
GET    /api/chat/rooms/<code>                   403      200    200     200
PATCH  /api/chat/rooms/<code>                   403      403    403     200
DELETE /api/chat/rooms/<code>                   403      403    403     204
GET    /api/chat/rooms/<code>/bots              403      403    403     200
POST   /api/chat/rooms/<code>/bots              403      403    403     201
DELETE /api/chat/rooms/<code>/bots/<bot_id>     403      403    403     404
POST   /api/chat/rooms/<code>/join              200      200    200     200
POST   /api/chat/rooms/<code>/leave             403      204    204     204
GET    /api/chat/rooms/<code>/members           403      200    200     200
POST   /api/chat/rooms/<code>/members           403      403    403     403
DELETE /api/chat/rooms/<code>/members/<user_id> 403      403    403     204
GET    /api/chat/rooms/<code>/messages          403      200    200     200
POST   /api/chat/rooms/<code>/messages          403      201    201     201
PATCH  /api/chat/rooms/<code>/messages/<seq>    403      403    403     403
DELETE /api/chat/rooms/<code>/messages/<seq>    403      403    403     200
POST   /api/chat/rooms/<code>/read              403      204    204     204
GET    /api/docs                                200      200    200     200
GET    /api/openapi.json                        200      200    200     200
GET    /api/me                                  401      200    200     200
PATCH  /api/me                                  401      401    200     200
DELETE /api/me                                  401       401    403     403
GET    /api/me/messages                         401      200    200     200
POST   /api/me/password                         401       401    403     403
GET    /api/me/rooms                            401      200    200     200
GET    /api/me/sessions                         401      401    200     200
DELETE /api/me/sessions/<id>                    401      401    404     404
"""
"""In a room that whoever has its code may join; the message is the witness's, who is in it, too."""

OPEN_ROOM_LIVE = """
                      stranger        guest         member        owner
connect               not_a_member    ok            ok            ok
message               not_a_member    ok            ok            ok
typing                not_a_member    ok            ok            ok
sync                  not_a_member    ok            ok            ok
read                  not_a_member    ok            ok            ok
conversations         not_a_member    ok            ok            ok
lobby                 sign_in_needed  ok            ok            ok
lobby message         sign_in_needed  not_a_member  not_a_member  not_a_member
lobby typing          sign_in_needed  not_a_member  not_a_member  not_a_member
lobby sync            sign_in_needed  not_a_member  not_a_member  not_a_member
lobby read            sign_in_needed  not_a_member  not_a_member  not_a_member
lobby conversations   sign_in_needed  ok            ok            ok
ws auth               not_a_member    ok            ok            ok
ws message            not_a_member    ok            ok            ok
ws sync               not_a_member    ok            ok            ok
"""

GROUP_LIVE = """
                      stranger        guest           member        owner
connect               room_not_found  room_not_found  ok            ok
message               room_not_found  room_not_found  ok            ok
typing                room_not_found  room_not_found  ok            ok
sync                  room_not_found  room_not_found  ok            ok
read                  room_not_found  room_not_found  ok            ok
conversations         room_not_found  room_not_found  ok            ok
ws auth               room_not_found  room_not_found  ok            ok
ws message            room_not_found  room_not_found  ok            ok
ws sync               room_not_found  room_not_found  ok            ok
"""

GROUP = """
                                              stranger  guest  member  owner
GET    /room/<code>                             404      404    200     200
POST   /room/<code>                             404      404    303     303
POST   /room/<code>/leave                       404      404    303     303
GET    /room/<code>/settings                    404       404    200     200
POST   /room/<code>/settings                    404       404    403     303
POST   /room/<code>/close                       404       404    403     303
POST   /room/<code>/people                      404       404    403     303
POST   /room/<code>/people/<user_id>/remove     404       404    403     303
GET    /api/chat/rooms/<code>                   404      404    200     200
PATCH  /api/chat/rooms/<code>                   404      404    403     200
DELETE /api/chat/rooms/<code>                   404      404    403     204
GET    /api/chat/rooms/<code>/bots              404      404    403     200
POST   /api/chat/rooms/<code>/bots              404      404    403     201
DELETE /api/chat/rooms/<code>/bots/<bot_id>     404      404    403     404
POST   /api/chat/rooms/<code>/join              404      404    200     200
POST   /api/chat/rooms/<code>/leave             404      404    204     204
GET    /api/chat/rooms/<code>/members           404      404    200     200
POST   /api/chat/rooms/<code>/members           404      404    403     201
DELETE /api/chat/rooms/<code>/members/<user_id> 404      404    403     204
GET    /api/chat/rooms/<code>/messages          404      404    200     200
POST   /api/chat/rooms/<code>/messages          404      404    201     201
PATCH  /api/chat/rooms/<code>/messages/<seq>    404      404    403     403
DELETE /api/chat/rooms/<code>/messages/<seq>    404      404    403     200
POST   /api/chat/rooms/<code>/read              404      404    204     204
"""
"""In a group. Its guest is a guest of another room: to a group, only accounts belong."""

BODIES = {
    "POST /": {"form": {"name": "Vera", "create": "1"}},
    "POST /room/<code>": {"form": {"message": "hello"}},
    "POST /account": {"form": {"name": "Zoe", "password": PASSWORD}},
    "POST /account/delete": {"form": {"password": "wrong", "messages": "keep"}},
    "POST /account/name": {"form": {"name": "Zoe"}},
    "POST /account/password": {"form": {"old": "wrong", "new": PASSWORD}},
    "POST /account/profile": {"form": {"full_name": "Zoe Z.", "email": "", "picture": ""}},
    "POST /sign-in": {"form": {"name": "Walter", "password": "wrong"}},
    "POST /conversations": {"form": {"people": "Walter"}},
    "POST /room/<code>/settings": {"form": {"name": "Tea", "description": "Come in"}},
    "POST /room/<code>/people": {"form": {"people": "Newcomer"}},
    "POST /api/auth/login": {"json": {"name": "Walter", "password": "wrong"}},
    "POST /api/auth/refresh": {"json": {"refresh_token": "nobody.nothing"}},
    "POST /api/auth/register": {"json": {"name": "Yara", "password": PASSWORD}},
    "POST /api/chat/directs": {"json": {"name": "Walter"}},
    "POST /api/chat/groups": {"json": {"name": "Friends", "members": ["Walter"]}},
    "POST /api/chat/rooms": {"json": {"as": "Xenia"}},
    "PATCH /api/chat/rooms/<code>": {"json": {"description": "Tea"}},
    "POST /api/chat/rooms/<code>/bots": {"json": {"name": "Lamp"}},
    "POST /api/chat/rooms/<code>/join": {"json": {"name": "Wanda"}},
    "POST /api/chat/rooms/<code>/members": {"json": {"name": "Newcomer"}},
    "POST /api/chat/rooms/<code>/messages": {"json": {"data": "hello"}},
    "PATCH /api/chat/rooms/<code>/messages/<seq>": {"json": {"data": "not what I said"}},
    "POST /api/chat/rooms/<code>/read": {"json": {"seq": 1}},
    "PATCH /api/me": {"json": {"full_name": "Zoe Z."}},
    "DELETE /api/me": {"json": {"password": "wrong", "keep_messages": True}},
    "POST /api/me/password": {"json": {"old": "wrong", "new": PASSWORD}},
}

PEOPLE = ("stranger", "guest", "member", "owner")

ELSEWHERE = r"^/(static|api/docs/)"
"""Files, which are for everybody."""


def table(text):
    """{row: {person: what they get}}"""
    lines = [line.split() for line in text.strip().splitlines()[1:]]
    people = len(PEOPLE)
    return {" ".join(row[:-people]): dict(zip(PEOPLE, row[-people:], strict=True)) for row in lines}


class World:
    """Four people, a witness, and as many rooms as there are attempts: each is a fresh one."""

    def __init__(self, app):
        self.app = app
        self.ids = {name: self.account(name) for name in ("Olga", "Mara", "Walter", "Newcomer")}

    def account(self, name):
        with self.app.test_request_context():
            user, _ = identity.register(None, name, PASSWORD, "a test", "127.0.0.1")
            return user.id

    def client(self, name):
        """A browser on which the account of that name has just signed in."""
        with self.app.app_context():
            login = transaction(logins.begin)(self.ids[name], "a test")
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["user"], session["key"] = self.ids[name], login.id
        return client

    def guest(self, code=None):
        """A browser of somebody without an account, in that room or in one of their own."""
        client = self.app.test_client()
        form = (
            {"name": "Gus", "join": "1", "code": code} if code else {"name": "Gus", "create": "1"}
        )
        assert client.post("/", data=form).status_code == 303
        return client

    def open_room(self):
        """(owner, member, guest, code), with a message of the witness's in it."""
        owner, member, witness = (self.client(name) for name in ("Olga", "Mara", "Walter"))
        code = owner.post("/api/chat/rooms", json={}).json["room"]["code"]
        for one in (member, witness):
            assert one.post(f"/api/chat/rooms/{code}/join", json={}).status_code == 200
        self.say(witness, code)
        return owner, member, self.guest(code), code

    def group(self):
        owner, member, witness = (self.client(name) for name in ("Olga", "Mara", "Walter"))
        made = owner.post("/api/chat/groups", json={"name": "Tea", "members": ["Mara", "Walter"]})
        code = made.json["room"]["code"]
        self.say(witness, code)
        return owner, member, self.guest(), code

    @staticmethod
    def say(client, code):
        answer = client.post(f"/api/chat/rooms/{code}/messages", json={"data": "I was there"})
        assert answer.status_code == 201, answer.text

    def attempt(self, who, row, make):
        """The status that one of PEOPLE gets."""
        owner, member, guest, code = make()
        people = {"owner": owner, "member": member, "guest": guest}
        client = people.get(who) or self.app.test_client()
        method, path = row.split()
        path = path.replace("<code>", code).replace("<seq>", "1").replace("<id>", "0" * 32)
        path = path.replace("<bot_id>", "0")
        path = path.replace("<user_id>", str(self.ids["Walter"]))
        body = BODIES.get(row, {})
        answer = client.open(path, method=method, data=body.get("form"), json=body.get("json"))
        return str(answer.status_code)


@pytest.fixture
def world(app):
    return World(app)


@pytest.mark.parametrize("who", PEOPLE)
def test_every_route_of_an_open_room(world, who):
    check(table(OPEN_ROOM), who, lambda row: world.attempt(who, row, world.open_room))


@pytest.mark.parametrize("who", PEOPLE)
def test_every_route_of_a_group(world, who):
    check(table(GROUP), who, lambda row: world.attempt(who, row, world.group))


class Live:
    """The same four people on a real server, with a room and a group."""

    def __init__(self, server, person):
        self.server = server
        self.people = {who: person(f"{who} {server.port}", server) for who in PEOPLE}
        for who in ("member", "owner"):
            self.people[who].keep_name()
        self.code = self.people["owner"].create()
        self.people["member"].join(self.code)
        self.people["guest"].join(self.code)
        members = [self.people["member"].name]
        made = self.people["owner"].http.post(
            f"{server.url}/api/chat/groups", json={"name": "Tea", "members": members}
        )
        self.group = made.json()["room"]["code"]

    def attempt(self, who, row, code):
        """ "ok", or the code of the error that one of PEOPLE gets."""
        way = next((way for way in self.WAYS if row.startswith(way)), "room")
        event = row.split()[-1]
        try:
            answer = self.WAYS[way](self, self.people[who], code, event)
        except Refused as refused:
            answer = {"error": refused.error}
        return answer.get("error", {"code": "ok"})["code"]

    def in_room(self, person, code, event):
        tab = person.connect(code)
        return {} if event == "connect" else tab.call(event, PAYLOADS.get(event))

    def in_lobby(self, person, code, event):
        tab = person.connect(lobby=True)
        return {} if event == "lobby" else tab.call(event, PAYLOADS.get(event))

    def as_program(self, person, code, event):
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.http.cookies)
        with closing(Listening(self.server, code, {}, cookie=cookies)) as line:
            return self.say(line, event)

    def say(self, line, event):
        if event != "auth":
            line.say(event, ref="a", **PAYLOADS[event])
        answered = {"auth": "welcome", "message": "ack", "sync": "synced"}[event]
        with line.news:
            line.news.wait_for(lambda: answered in line.kinds() or line.heard("error"), SOON)
        return next(iter(line.heard("error")), {})

    WAYS = MappingProxyType({"room": in_room, "lobby": in_lobby, "ws": as_program})


PAYLOADS = {
    "message": {"data": "hello"},
    "typing": {"is_typing": False},
    "sync": {"after": 0},
    "read": {"seq": 1},
}


@pytest.fixture
def talk(server_of_each_way, person):
    return Live(server_of_each_way, person)


def test_every_event(talk):
    for who in PEOPLE:
        check(table(OPEN_ROOM_LIVE), who, lambda row, who=who: talk.attempt(who, row, talk.code))
        check(table(GROUP_LIVE), who, lambda row, who=who: talk.attempt(who, row, talk.group))


def test_every_event_has_its_row():
    events = {row for row in table(OPEN_ROOM_LIVE) if " " not in row} - {"connect", "lobby"}
    assert events == transport.handlers.keys()


def check(rows, who, attempt):
    gets = {row: (expected[who], attempt(row)) for row, expected in rows.items()}
    wrong = [
        f"{row}: {got} for {expected}" for row, (expected, got) in gets.items() if got != expected
    ]
    assert not wrong, "\n".join(wrong)


def test_every_route_has_its_row(app):
    rules = [rule for rule in app.url_map.iter_rules() if not re.match(ELSEWHERE, rule.rule)]
    routes = {
        f"{method} {rule.rule.replace('int:', '')}"
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == table(OPEN_ROOM).keys()
    assert {route for route in routes if "<code>" in route} == table(GROUP).keys()
