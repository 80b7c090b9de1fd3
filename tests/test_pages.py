"""The HTML door, on both databases: forms keep what was typed, errors stand beside their field."""

import re
from datetime import datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from models import User, db, now
from parlor import assets, leases
from parlor.limits import throttle
from parlor.rooms import live


@pytest.fixture
def browser_of(app):
    """`browser_of("Alice")`: a client with cookies of its own."""
    return lambda name: Browser(app.test_client(), name)


class Browser:
    def __init__(self, client, name):
        self.client, self.name = client, name

    def create(self, **form):
        return self.submit(create="1", **form)

    def join(self, code, **form):
        return self.submit(code=code, join="1", **form)

    def submit(self, **form):
        return self.client.post("/", data={"name": self.name, "code": "", **form})

    def enter(self, code=None):
        answer = self.join(code) if code else self.create()
        assert answer.status_code == 303, answer.text
        return answer.location.rpartition("/")[2]

    def get(self, path, **options):
        return self.client.get(path, **options)

    def say(self, code, text, id="id-1"):
        return self.client.post(f"/room/{code}", data={"message": text, "id": id})


@pytest.fixture
def alice(browser_of):
    return browser_of("Alice")


@pytest.fixture
def bob(browser_of):
    return browser_of("Bob")


def error_beside(page, field):
    """The text that the field's aria-describedby points to."""
    tag = re.search(rf'<input[^>]*\bid="{field}"[^>]*>', page.text)[0]
    assert 'aria-invalid="true"' in tag
    assert "autofocus" in tag
    ids = re.search(r'aria-describedby="([^"]+)', tag)[1].split()
    texts = [re.search(rf'<p[^>]* id="{id}"[^>]*>(.*?)</p>', page.text, re.DOTALL)[1] for id in ids]
    return unescape(re.sub(r"<[^>]+>", "", " ".join(texts)))


def test_opening_a_room_leads_into_it(alice):
    code = alice.enter()
    page = alice.get(f"/room/{code}")
    assert page.status_code == 200
    assert code in page.text
    assert "Alice" in page.text


@pytest.mark.parametrize("typed", ["{}", "{l}", " {l} ", "http://localhost/room/{l}"])
def test_joining_takes_the_code_however_it_is_typed(alice, bob, typed):
    code = alice.enter()
    assert bob.enter(typed.format(code, l=code.lower())) == code


def test_joining_never_creates(alice, app):
    assert alice.join("ZZZZ").status_code == 404
    with app.app_context():
        assert not leases.open_rooms()


@pytest.mark.parametrize(
    ("form", "status", "field", "text"),
    [
        ({"name": "", "create": "1"}, 400, "name", "What should people call you?"),
        ({"name": "  ", "create": "1"}, 400, "name", "What should people call you?"),
        ({"name": "x" * 33, "create": "1"}, 400, "name", "too long"),
        ({"name": "A\u202elice", "create": "1"}, 400, "name", "cannot be seen"),
        ({"name": "A\u200blice", "create": "1"}, 400, "name", "cannot be seen"),
        ({"name": "A\x07lice", "create": "1"}, 400, "name", "cannot be seen"),
        ({"name": "Alice", "join": "1"}, 400, "code", "Type its code"),
        ({"name": "Alice", "code": "K7Q", "join": "1"}, 400, "code", "4 letters"),
        ({"name": "Alice", "code": "UUUU", "join": "1"}, 400, "code", "4 letters"),
        ({"name": "Alice", "code": "ZZZZ", "join": "1"}, 404, "code", "no open room"),
    ],
)
def test_an_error_stands_beside_its_field(client, form, status, field, text):
    page = client.post("/", data=form)
    assert page.status_code == status
    assert text in error_beside(page, field)


def test_what_was_typed_stays(client):
    page = client.post("/", data={"name": 'Ali "A" <b>', "code": "k7q !", "join": "1"})
    assert "Ali &#34;A&#34; &lt;b&gt;" in page.text
    assert 'value="k7q !"' in page.text


@pytest.mark.parametrize("name", ["Alice", "ALICE", "Аlice", "Ａlice"])
def test_a_name_in_use_is_refused_with_a_free_one(alice, browser_of, name):
    code = alice.enter()
    page = browser_of(name).join(code)
    assert page.status_code == 409
    assert f"{name} 2" in error_beside(page, "name")
    assert f'value="{name} 2"' in page.text


def test_the_suggested_name_is_taken_with_one_click(alice, browser_of):
    code = alice.enter()
    other = browser_of("Alice")
    assert other.join(code, use_name="Alice 2").status_code == 303
    assert "Alice 2" in other.get(f"/room/{code}").text


def test_the_same_name_in_two_rooms_is_two_people(browser_of):
    one, other = browser_of("Sam"), browser_of("Sam")
    one_code, other_code = one.enter(), other.enter()
    one.say(one_code, "from the first Sam")
    assert "from the first Sam" in one.get("/history").text
    assert "from the first Sam" not in other.get("/history").text
    assert other.get(f"/room/{one_code}").text.count("from the first Sam") == 0
    assert other_code != one_code


def test_joining_again_under_another_name_renames(alice, bob):
    code = alice.enter()
    assert bob.join(code, name="Bob").status_code == 303
    assert bob.join(code, name="Robert").status_code == 303
    assert bob.join(code, name="Alice").status_code == 409
    assert "Robert" in alice.get(f"/room/{code}").text


def test_the_name_and_the_rooms_are_remembered(alice, bob):
    code = alice.enter()
    bob.enter(code)
    page = alice.get("/")
    assert 'value="Alice"' in page.text
    assert f"/room/{code}" in page.text
    assert "Bob" in page.text


def test_a_room_that_was_left_is_not_offered_again(alice):
    code = alice.enter()
    assert alice.client.post(f"/room/{code}/leave").status_code == 303
    assert f"/room/{code}" not in alice.get("/").text


def test_room_leads_to_the_latest_room(alice):
    first, second = alice.enter(), alice.enter()
    assert alice.get("/room").location == f"/room/{second}"
    alice.get(f"/room/{first}")
    assert alice.get("/room").location == f"/room/{first}"


def test_room_without_a_session_leads_home(client):
    assert client.get("/room").location == "/"


def test_a_link_shows_the_form_and_joins_nobody(alice, bob):
    code = alice.enter()
    alice.say(code, "members only")
    page = bob.get(f"/room/{code}")
    assert page.status_code == 200
    assert f'value="{code}"' in page.text
    assert "members only" not in page.text
    assert alice.get(f"/api/chat/rooms/{code}").json["count"] == 1
    assert bob.get(f"/api/chat/rooms/{code}").status_code == 403


def test_a_link_takes_the_code_in_lower_case(alice):
    code = next(code for code in iter(alice.enter, None) if code != code.lower())
    assert alice.get(f"/room/{code.lower()}").location == f"/room/{code}"


@pytest.mark.parametrize("code", ["ZZZZ", "nonsense", "K7Q", "%F0%9F%A6%8A"])
def test_a_link_to_no_room_is_answered_in_the_form(client, code):
    page = client.get(f"/room/{code}")
    assert page.status_code == 404
    assert "no open room" in error_beside(page, "code")


def test_a_closed_room_and_one_that_never_was_are_answered_alike(app, alice, bob):
    code = alice.enter()
    with app.app_context():
        close(code)
    for path in ("/room/{}", "/api/chat/rooms/{}"):
        closed, never = bob.get(path.format(code)), bob.get(path.format("ZZZZ"))
        assert closed.status_code == never.status_code == 404
        assert forget_what_varies(closed, code) == forget_what_varies(never, "ZZZZ")


def forget_what_varies(page, code):
    return re.sub(r'nonce="[^"]+"', "", page.text).replace(code, "CODE")


def close(code):
    [room] = [room for room, _ in leases.open_rooms() if room.code == code]
    room.closed_at = now()
    db.session.commit()
    live.close(live.get(code))


def test_a_closed_rooms_messages_stay_in_the_history(app, alice):
    code = alice.enter()
    alice.say(code, "remember me")
    with app.app_context():
        close(code)
    page = alice.get("/history")
    assert "remember me" in page.text
    assert "losed" in page.text


def test_a_code_given_out_again_shows_nothing_of_the_earlier_room(app, alice, bob, monkeypatch):
    monkeypatch.setattr("parlor.codes.draw", lambda length: "K7QP")
    code = alice.enter()
    alice.say(code, "from the first room")
    with app.app_context():
        close(code)
    assert bob.enter() == code
    assert "from the first room" not in bob.get(f"/room/{code}").text
    assert alice.get(f"/api/chat/rooms/{code}/messages").status_code == 403


def test_a_code_in_use_is_drawn_again(alice, bob, monkeypatch):
    draws = iter(["K7QP", "K7QP", "K7QP", "AAAA"])
    monkeypatch.setattr("parlor.codes.draw", lambda length: next(draws))
    assert alice.enter() == "K7QP"
    assert bob.enter() == "AAAA"


def test_of_a_crowd_sixty_are_named_the_reader_among_them_and_all_are_counted(alice, bob):
    code = alice.enter()
    fill(code, 1999)
    bob.enter(code)
    page = bob.get(f"/room/{code}").text
    names = re.findall(r'<bdi class="person-name">(.+?)</bdi>', page)
    assert names == ["Alice", *(f"Guest {number}" for number in range(1, 59)), "Bob"]
    assert len(re.findall(r"data-count>2,001<", page)) == 2
    assert '<p class="people-more">and 1,941 more</p>' in page
    assert "Nobody has said a word yet." in page


def test_a_room_of_sixty_has_no_more(alice):
    code = alice.enter()
    fill(code, 59)
    assert '<p class="people-more" hidden>' in alice.get(f"/room/{code}").text


def test_of_a_crowd_the_home_page_names_two(alice, bob):
    code = alice.enter()
    fill(code, 1999)
    bob.enter(code)
    who = re.search(r'<span class="lively">(.*?)</span>', bob.get("/").text)[1]
    assert re.sub(r"<.*?>", "", who) == "Alice, Guest 1 and 1,998 more"


def fill(code, number):
    """Let so many guests into a room, one after the other."""
    room = live.get(code)
    for one in range(1, number + 1):
        live.visit(room, 10**6 + one, f"Guest {one}")


def test_a_message_is_posted_without_javascript(alice, bob):
    code = alice.enter()
    bob.enter(code)
    answer = alice.say(code, "hello\r\nBob")
    assert answer.status_code == 303
    assert "hello\nBob" in bob.get(f"/room/{code}").text


def test_a_form_sent_twice_is_one_message(alice):
    code = alice.enter()
    for _ in range(2):
        assert alice.say(code, "only once", id="same").status_code == 303
    assert alice.get(f"/api/chat/rooms/{code}").json["room"]["last_seq"] == 1


def test_a_refused_message_stays_in_the_form(alice):
    code = alice.enter()
    page = alice.say(code, "long " * 201)
    assert page.status_code == 400
    assert "too long" in page.text
    assert "long " * 200 in page.text


@pytest.mark.parametrize(("path", "most"), [("/", 4), ("/room/{}", 5), ("/history", 2)])
def test_a_page_asks_the_database_a_few_times_however_much_is_there(
    app, alice, browser_of, path, most
):
    code = alice.enter()
    alice.enter()
    for number in range(5):
        guest = browser_of(f"Guest {number}")
        guest.enter(code)
        guest.say(code, "hello")
        alice.say(code, "hello", id=f"id-{number}")
    asked = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *query: asked.append(query[2]))
    assert alice.get(path.format(code)).status_code == 200
    queries = [statement for statement in asked if statement != "BEGIN"]
    assert len(queries) <= most, queries


def test_whoever_is_not_in_the_room_cannot_post(alice, bob):
    code = alice.enter()
    assert bob.say(code, "let me in").status_code == 403
    assert "let me in" not in alice.get(f"/room/{code}").text


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><b>'"],
)
def test_markup_is_shown_and_never_obeyed(alice, text):
    code = alice.enter()
    alice.say(code, text)
    for page in (alice.get(f"/room/{code}"), alice.get("/history")):
        assert text not in page.text
        assert text in unescape(page.text)


def test_older_messages_come_by_link(alice):
    code = alice.enter()
    for number in range(1, 61):
        alice.say(code, f"number {number}.", id=f"id-{number}")
    page = alice.get(f"/room/{code}")
    assert "number 11." in page.text
    assert "number 10." not in page.text
    older = alice.get(f"/room/{code}?before=11")
    assert "number 10." in older.text
    assert "number 1." in older.text
    assert "number 11." not in older.text


def test_history_is_mine_newest_first_and_searched(alice, bob):
    code = alice.enter()
    bob.enter(code)
    alice.say(code, "apples and pears", id="1")
    alice.say(code, "100% apples_", id="2")
    bob.say(code, "apples too", id="1")
    page = alice.get("/history").text
    assert page.index("100% apples_") < page.index("apples and pears")
    assert "apples too" not in page
    found = alice.get("/history?q=PEARS").text
    assert "apples and pears" in found
    assert "100% apples_" not in found
    assert "apples and pears" not in alice.get("/history?q=100%25").text
    assert "100% apples_" not in alice.get("/history?q=a_p").text


def test_a_search_looks_further_back_link_by_link_and_keeps_what_it_found(alice, monkeypatch):
    monkeypatch.setattr("parlor.messages.SEARCHED", 10)
    code = alice.enter()
    for number in range(1, 26):
        fruit = "pear" if number in (3, 12, 22) else "apple"
        alice.say(code, f"{fruit} {number}.", id=f"id-{number}")
    page = alice.get("/history?q=pear")
    assert found(page) == ["pear 22."]
    assert "Looked back to" in page.text
    page = alice.get(further(page))
    assert found(page) == ["pear 22.", "pear 12."]
    page = alice.get(further(page))
    assert found(page) == ["pear 22.", "pear 12.", "pear 3."]
    assert "That was everything you wrote." in page.text
    assert "Look further back" not in page.text


def test_a_search_in_vain_says_how_far_it_has_looked(alice, monkeypatch):
    monkeypatch.setattr("parlor.messages.SEARCHED", 3)
    code = alice.enter()
    for number in range(5):
        alice.say(code, "apple", id=f"id-{number}")
    page = alice.get("/history?q=pear")
    assert "Nothing there has" in page.text
    page = alice.get(further(page))
    assert "Nothing older has" in page.text


def found(page):
    return re.findall(r'class="message-text" dir="auto">([^<]*)', page.text)


def further(page):
    return unescape(re.search(r'href="([^"]+)">Look further back', page.text)[1]).split("#")[0]


@pytest.mark.parametrize("query", ["kept=x", "kept=1&kept=-1", "before=", "before=x"])
def test_a_number_in_an_address_that_is_none_is_refused(client, query):
    assert client.get(f"/history?q=pear&{query}").status_code == 400


def test_history_comes_in_pages(alice):
    code = alice.enter()
    for number in range(1, 61):
        alice.say(code, f"number {number}.", id=f"id-{number}")
    first = alice.get("/history").text
    assert "number 60." in first
    assert "number 10." not in first
    older = re.search(r'href="(/history\?[^"]*before=\d+[^"]*)"', first)[1].replace("&amp;", "&")
    second = alice.get(older).text
    assert "number 10." in second
    assert "number 11." not in second


def test_history_without_a_session_is_empty(client):
    assert client.get("/history").status_code == 200


def test_history_never_follows_a_name(alice, browser_of):
    code = alice.enter()
    alice.say(code, "Alice's own")
    pretender = browser_of("Alice")
    pretender.enter()
    assert "Alice&#39;s own" not in pretender.get("/history").text
    assert "Alice&#39;s own" in alice.get("/history").text


def test_the_name_of_someone_who_left_stays_with_what_they_said(alice, bob, browser_of):
    code = alice.enter()
    bob.enter(code)
    bob.say(code, "I was here")
    bob.client.post(f"/room/{code}/leave")
    assert browser_of("Bob").join(code).status_code == 409
    assert alice.join(code, name="Bob").status_code == 409
    assert bob.join(code).status_code == 303


def test_search_knows_upper_and_lower_case_of_every_script(alice):
    code = alice.enter()
    alice.say(code, "ÄPFEL und ΒΙΒΛΊΟ")
    for query in ("äpfel", "Äpfel", "βιβλίο"):
        assert "ÄPFEL" in alice.get(f"/history?q={query}").text


def test_a_cookie_from_a_lost_database_is_nobodys(app, alice, browser_of):
    code = alice.enter()
    alice.say(code, "before the loss")
    with app.app_context():
        db.session.execute(db.update(User).values(key="another"))
        db.session.commit()
    assert "before the loss" not in alice.get("/history").text
    assert alice.get(f"/api/chat/rooms/{code}").status_code == 403


def test_coming_back_to_a_closed_room_is_no_wrong_code(app, alice, bob):
    """A class whose room was closed must not lock itself out of the next one."""
    code = alice.enter()
    bob.enter(code)
    with app.app_context():
        close(code)
    throttle.configure(enabled=True)
    for _ in range(11):
        assert bob.get(f"/room/{code}").status_code == 404
    assert browser_of_a_stranger(app).get(f"/room/{code}").status_code == 404


def browser_of_a_stranger(app):
    return app.test_client()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?code=x&endpoint=y&_method=POST&_external=1&_scheme=ftp", 308),
        ("?before=3", 308),
        ("?before=99999999999999999999999", 400),
        ("?before=-1", 400),
        ("?before=x", 400),
    ],
)
def test_an_address_is_read_with_care(alice, query, status):
    code = next(code for code in iter(alice.enter, None) if code != code.lower())
    answer = alice.get(f"/room/{code.lower()}{query}")
    assert answer.status_code == status
    if status == 308:
        assert answer.location == f"/room/{code}" + ("?before=3" if "before" in query else "")


@pytest.mark.parametrize("query", ["?before=99999999999999999999999", "?before=x"])
def test_history_is_read_with_care(alice, query):
    alice.enter()
    assert alice.get(f"/history{query}").status_code == 400
    assert alice.get("/history?q=%00%00").status_code == 200


def test_an_old_form_gets_a_new_id(alice):
    code = alice.enter()
    alice.say(code, "first", id="same")
    page = alice.say(code, "second", id="same")
    assert page.status_code == 409
    assert "second" in page.text
    fresh = re.search(r'name="id" value="(\w+)"', page.text)[1]
    assert alice.say(code, "second", id=fresh).status_code == 303


def test_a_text_for_a_room_that_is_closed_is_given_back(app, alice):
    code = alice.enter()
    with app.app_context():
        close(code)
    page = alice.say(code, "my long <thought>")
    assert page.status_code == 404
    assert "my long &lt;thought&gt;" in page.text


def test_a_database_that_is_away_is_no_server_error(app, alice, monkeypatch):
    code = alice.enter()

    def gone(*_):
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    monkeypatch.setattr("parlor.memberships.place", gone)
    app.testing = False
    assert alice.get(f"/api/chat/rooms/{code}").json["error"]["code"] == "retry"
    assert alice.get(f"/api/chat/rooms/{code}").headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/", "/room", "/history", "/room/ZZZZ"])
def test_nothing_changes_on_get(app, client, path):
    client.get(path)
    with app.app_context():
        assert not leases.open_rooms()
    assert not live.all()


def test_times_are_shown_in_the_readers_zone(alice):
    code = alice.enter()
    alice.say(code, "what time is it")
    for zone, name in (("Asia/Kathmandu", "Asia/Kathmandu"), ("No/Where", "UTC"), ("../x", "UTC")):
        alice.client.set_cookie("tz", zone)
        page = alice.get(f"/room/{code}").text
        stamp = re.search(r'datetime="(\d{4}-[^"]+Z)"', page)[1]
        assert local_clock(stamp, name) in page


def local_clock(stamp, zone):
    return f"{datetime.fromisoformat(stamp).astimezone(ZoneInfo(zone)):%H:%M}"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/", 405, "method_not_allowed"),
        ("POST", "/room/ZZZZ", 404, "room_not_found"),
        ("POST", "/room/ZZZZ/leave", 404, "room_not_found"),
    ],
)
def test_errors_wear_the_sites_dress(client, method, path, status, code):
    page = client.open(path, method=method)
    assert page.status_code == status
    assert "<!doctype html>" in page.text
    assert 'rel="stylesheet"' in page.text


def test_a_request_that_is_too_large_is_refused(client):
    page = client.post("/", data={"name": "x" * 70_000, "create": "1"})
    assert page.status_code == 413
    assert "more than can be sent" in page.text


def test_a_server_error_is_logged_with_the_id_that_is_shown(app, alice, monkeypatch, caplog):
    code = alice.enter()

    def broken(*_):
        raise RuntimeError("a secret that someone wrote")

    monkeypatch.setattr("parlor.presentation.conversation", broken)
    app.testing = False
    page = alice.get(f"/room/{code}")
    assert page.status_code == 500
    shown = page.headers["X-Request-ID"]
    assert shown in page.text
    assert shown in caplog.text
    assert "a secret" not in page.text


def test_health_and_readiness(client):
    assert client.get("/healthz").json == {"ok": True}
    assert client.get("/readyz").json == {"ok": True}


def test_not_ready_without_tables(app, client):
    with app.app_context():
        db.drop_all()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json["error"]["code"] == "retry"
    assert client.get("/healthz").status_code == 200


def test_cookies_are_private(alice):
    cookie = alice.create().headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_without_the_set_up_the_client_comes_from_a_cdn_held_to_its_hash(app, alice):
    del app.extensions["assets"][assets.SOCKET_IO]
    page = alice.get(f"/room/{alice.enter()}")
    assert f'"socket.io-client": "{assets.SOCKET_IO_CDN}"' in page.text
    assert f'"{assets.SOCKET_IO_CDN}": "{assets.SOCKET_IO_HASH}"' in page.text
    assert assets.SOCKET_IO_CDN in page.headers["Content-Security-Policy"]


def test_with_the_set_up_no_page_names_another_host(alice):
    page = alice.get(f"/room/{alice.enter()}")
    assert "cdn" not in page.text
    assert "http" not in page.headers["Content-Security-Policy"]
