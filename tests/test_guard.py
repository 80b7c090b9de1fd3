"""Safe from the start: other sites, headers, limits, packets that nobody honest sends."""

import json
import re
import socket
import subprocess
from contextlib import suppress

import pytest
import requests
import websocket

from tests.support import ROOT
from tests.support.people import Refused
from tests.support.wire import dialed

CROSS_SITE = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


def own(server):
    return [
        {},
        {"Origin": server.url},
        {"Origin": server.url, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://nowhere.invalid", "Sec-Fetch-Site": "cross-site"},  # ALLOWED_ORIGINS
    ]


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_another_site_changes_nothing_and_opens_no_socket(server, headers):
    form = {"name": "Alice", "create": "1"}
    page = requests.post(server.url, data=form, headers=headers, timeout=5)
    assert page.status_code == 403
    assert "came from another site" in page.text
    assert "Set-Cookie" not in page.headers
    handshake = requests.get(server.url + HANDSHAKE, headers=headers, timeout=5)
    assert handshake.status_code == 403
    assert handshake.json()["error"]["code"] == "cross_site"


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_another_site_may_link_here(server, headers):
    assert requests.get(server.url, headers=headers, timeout=5).status_code == 200


def test_a_websocket_of_another_site_is_refused(server):
    with (
        pytest.raises(websocket.WebSocketBadStatusException, match="403"),
        dialed(server, origin="http://evil.example"),
    ):
        pass


def test_this_site_and_programs_may(server):
    for headers in own(server):
        form = {"name": "Alice", "create": "1"}
        answer = requests.post(
            server.url, data=form, headers=headers, timeout=5, allow_redirects=False
        )
        assert answer.status_code == 303, headers
        assert requests.get(server.url + HANDSHAKE, headers=headers, timeout=5).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/", "/history", "/nowhere", "/room/ZZZZ", "/healthz", "/api/nowhere", "/favicon.svg",
     "/static/favicon.svg", "/static/nowhere.js", HANDSHAKE, "/socket.io/?EIO=3"],
)  # fmt: skip
def test_every_answer_carries_the_headers(server, path):
    headers = requests.get(server.url + path, timeout=5).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in policy
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"]
    assert "Strict-Transport-Security" not in headers


def test_pages_are_asked_for_again_and_static_files_are_not(server, person):
    alice = person("Alice", server)
    page = alice.get(f"/room/{alice.create()}")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "private, no-cache"
    style = re.search(r'href="(/static/page/room\.\w+\.css)"', page.text)[1]
    static = alice.get(style)
    assert static.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in static.headers


@pytest.mark.parametrize(("hops", "address"), [("0", "127.0.0.1"), ("1", "203.0.113.9")])
def test_a_proxys_word_is_believed_only_as_many_hops_deep_as_set(start_server, hops, address):
    """Two visitors behind the proxy share the limits only if it is not believed."""
    server = start_server(LIMITS="on", PROXY_HOPS=hops)
    for _ in range(10):
        ask(server, "203.0.113.9")
    assert ask(server, "203.0.113.9").status_code == 429
    other = ask(server, "203.0.113.10").status_code
    assert other == (404 if address == "203.0.113.9" else 429)
    assert ask(server, "203.0.113.10, 203.0.113.9").status_code == 429


def ask(server, forwarded_for):
    headers = {"X-Forwarded-For": forwarded_for, "X-Forwarded-Host": "evil.example"}
    return requests.get(f"{server.url}/api/chat/rooms/ZZZZ", headers=headers, timeout=5)


def test_a_nonce_is_used_once(server):
    nonces = {
        re.search(r"'nonce-([^']+)'", requests.get(server.url, timeout=5).headers[
            "Content-Security-Policy"
        ])[1]
        for _ in range(3)
    }  # fmt: skip
    assert len(nonces) == 3


def test_in_production_cookies_and_pages_are_for_https(start_server):
    server = start_server(PARLOR_ENV="production", SECRET_KEY="k" * 32)
    answer = requests.post(
        server.url, data={"name": "Alice", "create": "1"}, timeout=5, allow_redirects=False
    )
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.fixture
def strict(start_server):
    return start_server(LIMITS="on")


def test_wrong_codes_are_limited_for_an_address(strict, person):
    alice, bob = person("Alice", strict), person("Bob", strict)
    code = alice.create()
    for _ in range(10):
        assert bob.get("/api/chat/rooms/ZZZZ").status_code == 404
    answer = bob.get("/api/chat/rooms/ZZZZ")
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_many"
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert int(answer.headers["Retry-After"]) == answer.json()["error"]["retry_after"]
    right = bob.post("/", {"name": "Bob", "code": code, "join": "1"})
    assert right.status_code == 429, "a right code must not stand out"
    assert "Try again in" in right.text
    assert 'value="Bob"' in right.text
    assert f'value="{code}"' in right.text
    assert alice.get(f"/room/{code}").status_code == 200, "whoever is in is no stranger"


def test_forms_are_limited(strict, person):
    alice = person("Alice", strict)
    statuses = [alice.post("/", {"name": "", "create": "1"}).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_messages_are_limited_and_the_sender_told_when(strict, person):
    alice = person("Alice", strict)
    alice.enter()
    answers = [alice.send(f"number {n}") for n in range(11)]
    assert [answer["ok"] for answer in answers] == [True] * 10 + [False]
    assert answers[-1]["error"]["code"] == "too_many"
    assert answers[-1]["error"]["retry_after"] in (1, 2)


def test_sockets_are_limited(strict, person):
    alice = person("Alice", strict)
    code = alice.create()
    for _ in range(10):
        alice.connect(code)
    with pytest.raises(Refused) as refused:
        alice.connect(code)
    assert refused.value.error["code"] == "too_many"


HOSTILE = [
    "", "x", "4", "4x", "49", "42", "42{", "42[]", "42[1]", '42{"0":"message"}', '42"message"',
    "44{}", "46", '45 1-["message",{"_placeholder":true,"num":0}]', '451-["message",{}]',
    '42["connect"]', '42["disconnect"]', '42["connect_error"]', "42" + "9" * 200 + '["message"]',
    '42["message",' + "[" * 9000 + "]" * 3000, '420["message","' + "a" * 17_000 + '"]', "42" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("packet", HOSTILE, ids=lambda packet: packet[:20])
def test_a_packet_that_cannot_be_read_closes_the_socket(line, packet):
    line.send(packet)
    assert is_closed(line)


@pytest.mark.parametrize("packet", [b"\x04abc", b"\xff" * 100, b"", b"4" * 20_000])
def test_a_binary_packet_closes_the_socket(line, packet):
    line.send_binary(packet)
    assert is_closed(line)


def test_a_message_in_endless_fragments_closes_the_socket(line):
    def fragments():
        yield websocket.ABNF(0, 0, 0, 0, websocket.ABNF.OPCODE_TEXT, 1, b"4" * 4000)
        for _ in range(10):
            yield websocket.ABNF(0, 0, 0, 0, websocket.ABNF.OPCODE_CONT, 1, b"4" * 4000)

    with suppress(ConnectionError):
        for fragment in fragments():
            line.send_frame(fragment)
    assert is_closed(line)


def test_nothing_is_deflated(server):
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    with dialed(server, header=offer) as line:
        assert "sec-websocket-extensions" not in line.headers


def test_a_body_in_chunks_is_not_read_without_end(server):
    handshake = requests.get(server.url + HANDSHAKE, timeout=5)
    sid = json.loads(handshake.text[1:])["sid"]
    chunks = (b"4" * 1000 for _ in range(100))
    answer = requests.post(f"{server.url}{HANDSHAKE}&sid={sid}", data=chunks, timeout=5)
    assert answer.status_code == 400
    assert requests.get(server.url + "/healthz", timeout=5).ok


def test_a_request_that_cannot_be_read_is_not_quoted(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
        line.sendall(b"GET /room/K7QP?secret-words not-http\r\n\r\n")
        line.recv(1000)
    assert "Invalid request" in server.log()
    assert "secret-words" not in server.log()


@pytest.mark.parametrize("noise", [b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", bytes(500)])
def test_noise_closes_the_socket(line, noise):
    line.sock.sendall(noise)
    assert is_closed(line)


def is_closed(line):
    """True once the server has hung up; frames that came before are passed over.

    Where it does not, receiving raises a time-out.
    """
    try:
        while line.recv():
            pass
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        return True
    return True


@pytest.mark.parametrize(
    "packet",
    ['420["nope",1]', '420["message"]', '420["message",{"data":"\\ud800"}]', '420["sync",[[]]]',
     '420["sync",{"after":1e400}]', '420["typing"]', '420["message","a","b","c"]'],
)  # fmt: skip
def test_an_odd_event_leaves_the_socket_open(line, packet):
    line.send(packet)
    line.send('421["message",{"data":"still here"}]')
    while not (frame := line.recv()).startswith("431"):
        assert frame
    assert '"ok":true' in frame


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x", 400),
        (b"9", 400),
        (b"2probe", 400),
        (b"\xff", 400),
        (b"4\x1e" * 30, 400),
        (b"4" * 20_000, 413),
        (b"42[", 200),
        (b"bAAAA", 200),
    ],
)
def test_a_posted_packet_that_cannot_be_read_is_refused(server, body, status):
    handshake = requests.get(server.url + HANDSHAKE, timeout=5)
    sid = json.loads(handshake.text[1:])["sid"]
    answer = requests.post(f"{server.url}{HANDSHAKE}&sid={sid}", data=body, timeout=5)
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["error"]["message"]


def test_the_server_is_well_after_all_that(server, person):
    """Runs last: the log has no traceback (the harness looks), and people still talk."""
    alice = person("Alice", server)
    alice.enter()
    assert alice.send("hello")["ok"]
    assert "ERROR" not in server.log()


def test_logs_never_hold_what_people_wrote(start_server, person):
    server = start_server(LOG_LEVEL="DEBUG")
    alice = person("Alicia-Namely", server)
    code = alice.enter()
    alice.send("a very private sentence")
    alice.post(f"/room/{code}", {"message": "a second private sentence", "id": "1"})
    alice.get("/history?q=searchword")
    alice.post("/", {"name": "Alicia-Namely", "code": "privatecode", "join": "1"})
    log = server.log()
    assert "route=/room/<code>" in log
    for secret in ("private", "Alicia", "searchword", code):
        assert secret not in log


def test_one_line_a_request_with_the_id_of_the_answer(server):
    answer = requests.get(server.url + "/history", timeout=5)
    id = answer.headers["X-Request-ID"]
    [line] = [line for line in server.log().splitlines() if id in line]
    assert "method=GET route=/history status=200" in line


def test_no_page_has_anything_inline():
    """A Content-Security-Policy without inline allowances forbids them; so do we."""
    found = subprocess.run(
        ["grep", "-rnE", r" style=| on[a-z]+=|<style|<script>|javascript:|innerHTML", "templates"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not found.stdout
