"""One id, sent many times at once: over socket and REST, to two processes on one database."""

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest
import requests

from tests.faults.conftest import on_one_stand
from tests.faults.tables import stored
from tests.support.people import SOON
from tests.support.wire import cookies, event, joined

ROUNDS = 5
SOCKETS, REQUESTS = 3, 2
"""For each process: ten at once in all."""

pytestmark = on_one_stand


class Socket:
    """A way to post: over a WebSocket that is in the room."""

    def __init__(self, line):
        self.line, self.numbers = line, itertools.count(1)

    def post(self, message):
        number = next(self.numbers)
        self.line.send(event("message", message, ack=number))
        return self.line.ack(number)


class Rest:
    """A way to post: over HTTP."""

    def __init__(self, server, person, code):
        self.url = f"{server.url}/api/chat/rooms/{code}/messages"
        self.headers = {"Cookie": cookies(person), "Origin": server.url}

    def post(self, message):
        with requests.post(self.url, json=message, headers=self.headers, timeout=SOON) as answer:
            body = answer.json()
            assert answer.status_code == (201 if "error" not in body else 409)
            return body if answer.ok else {"ok": False, **body}


@pytest.fixture
def ways(serve, person):
    """Ten ways of Alice's to post to one room, and what there is in its table."""
    with ExitStack() as stack:
        servers = [serve(), serve(name="other")]
        alice = person("Alice", servers[0])
        code = alice.create()
        ways = []
        for server in servers:
            lines = [stack.enter_context(joined(server, alice, code)) for _ in range(SOCKETS)]
            ways += [Socket(line) for line in lines]
            ways += [Rest(server, alice, code) for _ in range(REQUESTS)]
        yield ways, lambda: stored(servers[0].database_url, code)[0]


def at_once(ways, messages):
    """The answers to messages that are posted in the same moment, one each way."""
    barrier = Barrier(len(ways))

    def post(way, message):
        barrier.wait(SOON)
        return way.post(message)

    with ThreadPoolExecutor(len(ways)) as threads:
        return list(threads.map(post, ways, messages))


def test_ten_at_once_are_one_row_and_ten_equal_answers(ways):
    ways, rows = ways
    for number in range(1, ROUNDS + 1):
        message = {"data": f"once {number}", "id": uuid.uuid4().hex}
        answers = at_once(ways, [message] * len(ways))
        assert answers == [answers[0]] * len(ways)
        first = {name: answers[0][name] for name in ("ok", "seq", "id")}
        assert first == {"ok": True, "seq": number, "id": message["id"]}
        assert [row.text for row in rows()][number - 1 :] == [message["data"]]
    one_of_two_texts(ways, rows)


def one_of_two_texts(ways, rows):
    """Of two texts under one id one is stored, and the other refused: also when it comes later."""
    id = uuid.uuid4().hex
    messages = [{"data": text, "id": id} for text in ("this", "that")] * (len(ways) // 2)
    for _ in range(2):
        answers = at_once(ways, messages)
        row = rows()[-1]
        for message, answer in zip(messages, answers, strict=True):
            if message["data"] == row.text:
                assert (answer["ok"], answer["seq"]) == (True, row.seq)
            else:
                assert answer["error"]["code"] == "id_reused"
    assert [row.seq for row in rows()] == list(range(1, ROUNDS + 2))
