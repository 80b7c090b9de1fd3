"""The opening handshake of a WebSocket (RFC 6455, section 4), byte for byte."""

import json
import socket
from contextlib import contextmanager

import pytest
import requests

from parlor.frames import PING
from tests.support.wire import ENDPOINT, client_frame, cookies, event

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The standard's own example."""

HEADERS = {
    "Host": "127.0.0.1",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def request(query="EIO=4&transport=websocket", method="GET", version="1.1", **headers):
    """A handshake's bytes; `headers` with _ for -, None leaves one out."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [
        f"{name}: {value}" for name, value in {**HEADERS, **given}.items() if value is not None
    ]
    return "\r\n".join([f"{method} /socket.io/?{query} HTTP/{version}", *lines, "", ""]).encode()


class Answer:
    """The head of an answer, and what came behind it so far."""

    def __init__(self, line):
        self.line, self.rest = line, b""
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        headers = (line.split(": ", 1) for line in lines)
        self.headers = {name.lower(): value for name, value in headers}

    def more(self):
        data = self.line.recv(65_536)
        assert data, f"the line ended after {self.rest}"
        return data

    def body(self):
        while len(self.rest) < int(self.headers["content-length"]):
            self.rest += self.more()
        return self.rest

    def text(self):
        """The next text frame (or pong) of the server's: its payload."""
        while len(self.rest) < 2 or len(self.rest) < sum(self.length()):
            self.rest += self.more()
        head, length = self.length()
        payload, self.rest = self.rest[head : head + length], self.rest[head + length :]
        return payload.decode()

    def length(self):
        """(length of a frame's head, of its payload)."""
        if self.rest[1] < 126:
            return 2, self.rest[1]
        return 4, int.from_bytes(self.rest[2:4])

    def until(self, start):
        """All texts up to the first that starts so."""
        texts = [self.text()]
        while not texts[-1].startswith(start):
            texts.append(self.text())
        return texts


@contextmanager
def answered(server, data):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [data] if isinstance(data, bytes) else data:
            line.sendall(piece)
        yield Answer(line)


def status(server, *arguments, **headers):
    with answered(server, request(*arguments, **headers)) as answer:
        return answer.status


def test_a_handshake_is_answered_as_the_standard_says(server):
    with answered(server, request()) as answer:
        assert answer.status == 101
        assert answer.headers["upgrade"].lower() == "websocket"
        assert answer.headers["connection"].lower() == "upgrade"
        assert answer.headers["sec-websocket-accept"] == ACCEPT
        assert "sec-websocket-protocol" not in answer.headers
        assert "sec-websocket-extensions" not in answer.headers
        opening = json.loads(answer.text().removeprefix("0"))
        assert opening.keys() == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
        assert opening["upgrades"] == []
        assert opening["maxPayload"] == 16 * 1024


def test_letter_case_and_other_words_make_no_difference(server):
    assert status(server, Connection="keep-alive, upgrade", Upgrade="WebSocket") == 101


@pytest.mark.parametrize(
    "offer",
    [
        {"Sec_WebSocket_Protocol": "chat, superchat"},
        {"Sec_WebSocket_Extensions": "permessage-deflate; client_max_window_bits"},
        {"Sec_WebSocket_Extensions": "no such thing;;,"},
    ],
)
def test_what_is_offered_is_not_taken(server, offer):
    with answered(server, request(**offer)) as answer:
        assert answer.status == 101
        assert not {"sec-websocket-protocol", "sec-websocket-extensions"} & answer.headers.keys()


@pytest.mark.parametrize(
    "key", [None, "", "c2hvcnQ=", "no base64", KEY[:-1], KEY + "AAAA", "=" * 24]
)
def test_a_key_that_is_no_key_is_refused(server, key):
    assert status(server, Sec_WebSocket_Key=key) == 400


@pytest.mark.parametrize("version", ["8", "12", "14", "0", "", "13, 8", "x"])
def test_another_version_is_told_which_one_is_spoken(server, version):
    with answered(server, request(Sec_WebSocket_Version=version)) as answer:
        assert answer.status == 426
        assert answer.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": None},
        {"Upgrade": "h2c"},
        {"Connection": None},
        {"Connection": "close"},
        {"Connection": "not-upgrade"},
        {"Connection": None, "Upgrade": None},
    ],
)
def test_what_asks_for_no_upgrade_gets_none(server, headers):
    assert status(server, **headers) == 400


def test_long_polling_is_not_upgraded_before_it_began(server):
    """Engine.IO would poll, and ours would take it for a WebSocket that is never pinged."""
    assert status(server, "EIO=4&transport=polling") == 400


@pytest.mark.parametrize(
    "query",
    ["transport=websocket", "EIO=3&transport=websocket", "EIO=4&transport=webtransport", "",
     "EIO=4&transport=websocket&sid=nobody"],
)  # fmt: skip
def test_what_is_not_engine_io_is_refused(server, query):
    assert status(server, query) == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_only_get_upgrades(server, method):
    assert status(server, method=method, Content_Length="0") in (400, 403, 404, 405)


def test_someone_on_a_websocket_gets_no_second_one(server):
    with answered(server, request()) as answer:
        sid = json.loads(answer.text()[1:])["sid"]
        for transport in ("websocket", "polling"):
            assert status(server, f"EIO=4&transport={transport}&sid={sid}") == 400
        url = f"{server.url}{ENDPOINT}polling&sid={sid}"
        assert requests.post(url, data="40", timeout=5).status_code == 400


def test_a_handshake_may_come_byte_by_byte(server):
    pieces = [bytes([byte]) for byte in request()]
    with answered(server, pieces) as answer:
        assert answer.status == 101
        assert answer.text().startswith("0{")


def test_a_kept_connection_may_become_a_websocket(server):
    """A proxy may have asked for something else on it before."""
    page = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
        line.sendall(page)
        assert Answer(line).body()
        line.sendall(request())
        answer = Answer(line)
        assert answer.status == 101
        assert answer.text().startswith("0{")


@pytest.fixture
def hello(alice, server):
    """The request of Alice's handshake, and the packet that joins her room."""
    join = "40" + json.dumps({"room": alice.create()})
    return request(Cookie=cookies(alice)), join


def test_what_comes_right_behind_the_handshake_is_read(server, hello):
    """In the same segment: the packet that joins, messages, a ping."""
    head, join = hello
    packets = [join, *(event("message", f"number {n}", ack=n) for n in range(50))]
    frames = b"".join(client_frame(packet) for packet in packets) + client_frame(b"?", PING)
    with answered(server, head + frames) as answer:
        assert answer.status == 101
        texts = answer.until("4349[")
        assert texts[0].startswith("0{")
        acks = [text for text in texts if text.startswith("43")]
        assert [text.split("[")[0] for text in acks] == [f"43{n}" for n in range(50)]


@pytest.mark.parametrize("cut", [1, 2, 5, 7, 40])
def test_a_frame_may_begin_in_the_handshakes_segment(server, hello, cut):
    head, join = hello
    whole = client_frame(join) + client_frame(b"here", PING)
    with answered(server, [head + whole[:cut]]) as answer:
        assert answer.status == 101
        answer.line.sendall(whole[cut:])
        texts = [answer.text() for _ in range(4)]
        assert "here" in texts
        assert any(text.startswith("40") for text in texts)


def test_noise_right_behind_the_handshake_ends_the_line(server):
    with answered(server, request() + b"GET / HTTP/1.1\r\n\r\n") as answer:
        assert answer.status == 101
        while answer.line.recv(65_536):
            pass


def test_nobody_is_left_after_all_that(server):
    assert requests.get(server.url + "/healthz", timeout=5).ok
    assert "Traceback" not in server.log()
