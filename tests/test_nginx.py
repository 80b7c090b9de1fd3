"""deploy/nginx.conf, on the real nginx: what it passes on, to whom, and what not."""

import socket
import time
from contextlib import ExitStack

import pytest
import requests

from app import LARGEST_REQUEST
from parlor.errors import Retry, TooLarge
from tests.support import free_port
from tests.support.people import SOON
from tests.support.upstream import Upstream


@pytest.fixture
def upstreams(start_nginx):
    """`nginx, one, other = upstreams(is_mute=True)`: two of them behind an nginx."""
    with ExitStack() as running:

        def start(**how):
            both = [running.enter_context(Upstream(**how)) for _ in range(2)]
            return start_nginx([upstream.port for upstream in both]), *both

        yield start


@pytest.fixture
def passed(upstreams):
    """`passed("/", headers={…})`: the request as it comes out of nginx."""
    nginx, *both = upstreams()

    def ask(path="/", method="GET", **how):
        answer = requests.request(method, nginx.url + path, timeout=SOON, **how)
        assert answer.status_code == 200, answer.text
        (request,) = [request for upstream in both for request in upstream.asked]
        return request

    return ask


def test_nginx_has_nothing_against_its_files(start_nginx):
    assert start_nginx([free_port(), free_port()]).complaints() == []


def test_an_address_that_a_visitor_makes_up_is_not_passed_on(passed):
    made_up = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    made_up |= {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/x"}
    headers = passed(headers={**made_up, "X-Forwarded-Host": "evil.example"}).headers
    assert headers.get_all("X-Forwarded-For") == ["127.0.0.1"]
    assert headers.get_all("X-Forwarded-Proto") == ["http"]
    assert not {"Forwarded", "X-Forwarded-Host", "X-Forwarded-Prefix"} & set(headers)


@pytest.mark.parametrize("host", ["chat.example.org", "chat.example.org:8080", "[::1]:8080"])
def test_the_host_is_passed_on_with_its_port(passed, host):
    """Parlor compares it with the Origin that browsers send."""
    assert passed(headers={"Host": host}).headers["Host"] == host


def test_a_websocket_is_all_that_a_line_can_become(passed):
    wished = {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "x"}
    headers = passed(headers=wished).headers
    assert "Upgrade" not in headers
    assert "Connection" not in headers


def test_a_visitor_stays_with_one_process(upstreams):
    """By a cookie that comes with the first page; that first request goes by the address."""
    nginx, one, other = upstreams()
    for visitor in range(24):
        with requests.Session() as browser:
            assert "way" in browser.get(nginx.url, timeout=SOON).cookies
            before = len(one.asked), len(other.asked)
            for path in ("/", "/socket.io/?EIO=4&transport=polling", "/api/me"):
                answer = browser.get(nginx.url + path, timeout=SOON)
                assert "Set-Cookie" not in answer.headers, visitor
            news = {len(one.asked) - before[0], len(other.asked) - before[1]}
            assert news == {0, 3}
    assert min(len(one.asked), len(other.asked)) > 15, "all are at one process"


def test_a_program_without_cookies_stays_by_its_address(upstreams):
    nginx, one, other = upstreams()
    for _ in range(12):
        answer = requests.get(f"{nginx.url}/socket.io/?EIO=4&transport=polling", timeout=SOON)
        assert "Set-Cookie" not in answer.headers
    assert {len(one.asked), len(other.asked)} == {0, 12}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_been_done_is_not_sent_twice(upstreams, method):
    nginx, one, other = upstreams(is_mute=True)
    answer = requests.request(method, f"{nginx.url}/api/x", json={"data": "hello"}, timeout=SOON)
    assert answer.status_code == 503
    assert answer.json() == Retry().answer()
    assert answer.headers["Retry-After"] == "1"
    assert len(one.asked + other.asked) == 1


def test_what_reads_is_asked_of_another_process(upstreams):
    nginx, one, other = upstreams()
    one.is_mute = True
    for n in range(8):
        cookies = {"way": f"{n:032x}"}
        assert requests.get(nginx.url, cookies=cookies, timeout=SOON).status_code == 200
    assert one.asked
    assert len(other.asked) == 8


def test_what_did_not_arrive_goes_to_another_process(start_nginx):
    """A POST, too: nobody listens there, so nobody has it."""
    with Upstream() as upstream:
        nginx = start_nginx([free_port(), upstream.port])
        for n in range(8):
            cookies = {"way": f"{n:032x}"}
            assert requests.post(nginx.url, data="x", cookies=cookies, timeout=SOON).ok
        assert len(upstream.asked) == 8


def test_with_no_process_left_the_answer_is_to_try_again(start_nginx):
    nginx = start_nginx([free_port(), free_port()])
    for path in ("/api/rooms", "/socket.io/?EIO=4", "/ws/chat/K7QP"):
        answer = requests.get(nginx.url + path, timeout=SOON)
        assert (answer.status_code, answer.json()) == (503, Retry().answer())
    page = requests.get(f"{nginx.url}/room/K7QP", timeout=SOON)
    assert (page.status_code, page.text) == (503, f"{Retry.message}\n")
    assert page.headers["Content-Type"] == "text/plain"


def test_what_parlor_says_itself_is_passed_on(upstreams):
    """Its database is away, say: both processes are well, and none is left out for that."""
    nginx, one, other = upstreams(status=503)
    for n in range(10):
        answer = requests.get(nginx.url, cookies={"way": f"{n:032x}"}, timeout=SOON)
        assert (answer.status_code, answer.text) == (503, "ok")
    assert len(one.asked + other.asked) == 10


def test_failures_are_noted_and_addresses_are_not(start_nginx):
    nginx = start_nginx([free_port()])
    requests.get(f"{nginx.url}/room/K7QP?q=secret", timeout=SOON)
    give_up = time.monotonic() + SOON
    while "GET 503 by 127.0.0.1:" not in nginx.log():
        assert time.monotonic() < give_up, nginx.log()
        time.sleep(0.05)
    assert "K7QP" not in nginx.log()
    assert "secret" not in nginx.log()


def test_a_body_that_parlor_would_not_take_is_refused(upstreams):
    nginx, one, other = upstreams()
    limit, too_much = b"x" * LARGEST_REQUEST, b"x" * (LARGEST_REQUEST + 1)
    assert requests.post(nginx.url, data=limit, timeout=SOON).status_code == 200
    answer = requests.post(f"{nginx.url}/api/x", data=too_much, timeout=SOON)
    assert (answer.status_code, answer.json()) == (413, TooLarge().answer())
    assert requests.post(nginx.url, data=too_much, timeout=SOON).status_code == 413
    assert len(one.asked + other.asked) == 1


def test_who_sends_slowly_keeps_no_process_busy(upstreams):
    nginx, one, other = upstreams()
    with socket.create_connection(("127.0.0.1", nginx.port), SOON) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n12345")
        time.sleep(0.5)
        assert not one.asked + other.asked
        slow.sendall(b"67890")
        assert b"200 OK" in slow.recv(1000)
    (request,) = one.asked + other.asked
    assert request.body == b"1234567890"


def test_whether_a_process_is_ready_is_for_this_machine_to_know(upstreams):
    nginx, *_ = upstreams()
    assert requests.get(f"{nginx.url}/readyz", timeout=SOON).status_code == 200
    with socket.create_connection(("127.0.0.1", nginx.port), SOON, ("127.0.0.2", 0)) as visitor:
        visitor.sendall(b"GET /readyz HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b" 403 " in visitor.recv(1000)
