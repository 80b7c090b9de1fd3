"""docs/protocol.md says what relay.py and errors.py do."""

import json
import re

import pytest

from parlor import dialect, errors, events, relay, transport, ws
from tests.support import ROOT

PAGE = (ROOT / "docs/protocol.md").read_text("utf-8")
TO_THE_ROOM = {
    "message": "### `message`, to the room",
    "room": "### `room`, to the one who connects",
    "presence": "### `presence`, to the room",
    "renamed": "### `renamed`, to the room",
    "typing": "### `typing`, both ways",
    "head": "### `head`, to the room",
    "restart": "### `restart`, to everyone",
    "facts": "### `facts`, to the room",
    "conversation": "### `conversation`, to those who asked for theirs",
}
TO_THE_SERVER = {
    "message": "### `message`, to the server",
    "sync": "### `sync`, to the server",
    "conversations": "### `conversations`, to the server",
    "read": "### `read`, to the server",
}


def section(heading):
    assert heading in PAGE, f"docs/protocol.md has no {heading}"
    return PAGE.split(heading)[1].split("\n### ")[0]


def test_no_emitted_event_is_missing():
    assert TO_THE_ROOM.keys() == relay.EMITTED.keys()
    assert TO_THE_SERVER.keys() == relay.ANSWERED.keys()


@pytest.mark.parametrize("event", relay.EMITTED)
def test_every_field_that_is_emitted_is_described(event):
    words = set(re.findall(r'[`"](\w+)[`"]', section(TO_THE_ROOM[event])))
    assert relay.EMITTED[event].__annotations__.keys() <= words


@pytest.mark.parametrize("event", relay.ANSWERED)
def test_every_field_of_an_answer_is_described(event):
    words = set(re.findall(r'[`"](\w+)[`"]', section(TO_THE_SERVER[event])))
    assert relay.ANSWERED[event].__annotations__.keys() <= words


def test_every_event_that_is_heard_is_described():
    assert events  # which registers them
    assert transport.handlers.keys() == {"message", "sync", "typing", "conversations", "read"}
    for event in transport.handlers:
        assert re.search(rf"^### `{event}`, (to the server|both ways)", PAGE, re.MULTILINE)


def test_every_route_of_pages_is_described(app):
    described = section("## HTML\n").split("\n## ")[0]
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0].endswith("pages"):
            path = rule.rule.replace("<code>", "<CODE>").replace("<int:", "<")
            short = re.sub("^/(account|room/<CODE>)", "…", path)
            assert f"{path}`" in described or f"{short}`" in described, path


def test_nothing_is_described_that_is_not_there():
    described = set(re.findall(r"^### `(\w+)`,", PAGE, re.MULTILINE))
    assert described == relay.EMITTED.keys() | relay.ANSWERED.keys()


def test_every_error_is_described_with_its_status():
    for error in leaves(errors.ChatError):
        row = next((line for line in PAGE.splitlines() if f"`{error.code}`" in line), "")
        assert f"| {error.status} |" in row, error


def leaves(kind):
    for child in kind.__subclasses__():
        yield child
        yield from leaves(child)


def test_only_the_relay_emits():
    for path in ROOT.glob("parlor/*.py"):
        if path.name not in ("relay.py", "fanout.py"):
            assert not re.search(r"\bemit\(", path.read_text()), path


PLAIN = PAGE.split("## Plain WebSocket")[1].split("\n## ")[0]
SAID, HEARD = PLAIN.split("What a program hears.")


def rows(text):
    """The rows of the tables in `text`, by each of the names that they begin with."""
    cells = [line.split("|")[1:] for line in text.splitlines() if line.startswith("| `")]
    return {name: row for row in cells for name in re.findall(r"`(\w+)`", row[0])}


def test_every_frame_that_a_program_says_is_described():
    assert rows(SAID).keys() == {"auth", *ws.heard}


def test_every_frame_that_a_program_hears_is_described():
    assert rows(HEARD).keys() == {*dialect.TYPES, *dialect.SYSTEM}


@pytest.mark.parametrize("event", dialect.SYSTEM)
def test_everything_that_happens_is_described(event):
    _, words, _ = rows(HEARD)[event]
    assert all(f"`{field}`" in words for field in dialect.SYSTEM[event])


def test_a_frame_has_what_is_said_of_it():
    """`system` frames are made in one place each; what they carry is what SYSTEM says."""
    me, room = {"user_id": 1, "name": "Alice"}, {"code": "K7QP", "created_at": "…"}
    gap = {"after": 0, "through": 1}
    frames = [
        dialect.presence({"joined": [me], "left": [me], "count": 1}),
        dialect.restart({"within": 7}),
        dialect.renamed(me),
        dialect.facts(room),
        dialect.synced({"messages": [], "through": 1, "more": False}),
        dialect.closed(),
        dialect.welcome(
            {"room": room, "me": me, "through": 1, "messages": [], "gap": gap}, token="x"
        ),
    ]
    told = [frame for text in frames for frame in read_all(text)]
    assert {one["event"] for one in told} == dialect.SYSTEM.keys()
    for one in told:
        assert one.keys() - {"type", "event", "text"} == set(dialect.SYSTEM[one["event"]])


def read_all(data):
    """What the frames in `data`, as a server sends them, hold."""
    while data:
        start, length = (2, data[1]) if data[1] < 126 else (4, int.from_bytes(data[2:4]))
        yield json.loads(data[start : start + length])
        data = data[start + length :]
