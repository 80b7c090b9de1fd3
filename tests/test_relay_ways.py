"""RELAY=fast and RELAY=plain: what people hear is the same, byte for byte."""

import json
import re
import threading
from contextlib import ExitStack

import pytest

from tests.support.ears import Ear, Poll
from tests.support.server import Server
from tests.support.wire import entering, event

WAYS = ("fast", "plain")
LARGEST_PACKET = 16 * 1024
BY_THE_CLOCK = ('42["head"', '42["presence"')
SMALL_BUFFER = 64 * 1024
SPOKEN = 40
NATURE = [
    (re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"'), '"TIME"'),
    (re.compile(r'"code":"\w{4}"'), '"code":"CODE"'),
    (re.compile(r'"id":"[0-9a-f-]{26,36}"'), '"id":"ID"'),
]
"""What differs by nature, and what stands for it."""

TEXTS = [
    *("x" * length for length in (1, 2, 10, 60, 100, 125, 126, 127, 128, 500, 1000, 3999, 4000)),
    *("é", "é" * 4000, "日本" * 2000, "😀", "😀" * 4000, 'He said: "\\u0000\u2028</script>\\"'),
    *(f"line {n}\nand another" for n in range(5)),
    *("😀" * 4000 for _ in range(26)),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A server of each way; whatever is played on one is played on the other."""
    with ExitStack() as running:
        yield {
            way: running.enter_context(
                Server(tmp_path_factory.mktemp(way), RELAY=way, MAX_MESSAGE_LENGTH=4000)
            )
            for way in WAYS
        }


class Scene:
    """A room with Alice, Bob and Charlie in it, on sockets of both kinds."""

    def __init__(self, server, person):
        self.server = server
        self.alice, self.bob, self.charlie = (
            person(name, server) for name in ("Alice", "Bob", "Charlie")
        )
        self.code = self.alice.create()
        self.stack = ExitStack()
        self.ears = {}
        self.acks = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def line(self, person, **options):
        """Somebody's ear in the room, over WebSocket; `listen` starts it."""
        line = self.stack.enter_context(entering(self.server, person, self.code, **options))
        line.settimeout(60)
        return self.arrived(line)

    def poll(self, person):
        """The same over long-polling."""
        return self.arrived(Poll(self.server, person, self.code))

    def arrived(self, source):
        ear = Ear(source)
        ear.hear_until("40")
        return ear

    def listen(self, name, ear):
        self.ears[name] = ear
        self.stack.callback(ear.close)
        ear.start()

    def say(self, name, text, **more):
        """Send a message and wait for its acknowledgement."""
        self.acks += 1
        payload = {"data": text, "id": f"id-{self.acks}", **more}
        self.ask(name, "message", payload)

    def ask(self, name, what, payload):
        ear = self.ears[name]
        ear.source.send(event(what, payload, ack=self.acks))
        answer = ear.ack(self.acks)
        assert "error" not in answer, answer

    def end(self):
        """What everyone heard up to the last message, without what differs by nature."""
        self.say("Alice's line", "the end")
        for ear in self.ears.values():
            ear.wait_for('42["message"', '"message":"the end"')
        return {name: list(map(neutral, told(ear))) for name, ear in self.ears.items()}


def told(ear):
    """All events but those that come by the clock."""
    return [packet for packet in ear.events() if not packet.startswith(BY_THE_CLOCK)]


def neutral(packet):
    """A packet without times, codes, and ids that the server made."""
    for pattern, word in NATURE:
        packet = pattern.sub(word, packet)
    return packet


def play(server, person):
    """The script: who comes, talks, types, reads slowly, goes."""
    with Scene(server, person) as scene:
        scene.listen("Alice's line", scene.line(scene.alice))
        scene.listen("Alice's poll", scene.poll(scene.alice))
        scene.bob.join(scene.code)
        scene.listen("Bob's poll", scene.poll(scene.bob))
        scene.listen("Bob's line", scene.line(scene.bob))
        scene.charlie.join(scene.code)
        slow_line = scene.line(scene.charlie, buffer=SMALL_BUFFER)
        slow_poll = scene.poll(scene.charlie)
        talk(scene)
        scene.listen("Charlie's late line", scene.line(scene.charlie))
        scene.listen("Charlie's slow line", slow_line)
        scene.listen("Charlie's slow poll", slow_poll)
        rush(scene)
        heard = scene.end()
        for ear in scene.ears.values():
            assert ear.numbers() == sorted(set(ear.numbers()))
        return heard


def talk(scene):
    """Texts of all lengths from all kinds of clients, one after the other."""
    names = list(scene.ears)
    for number, text in enumerate(TEXTS):
        scene.say(names[number % len(names)], text)
    for name in names:
        scene.say(name, "as large as a packet can be", filler=filler(scene.acks + 1))
        scene.acks += 1
        scene.ask(name, "typing", {"is_typing": True})
        scene.say(name, "a reply", reply_to=2)
        scene.acks += 1
        scene.ask(name, "typing", {"is_typing": False})


def filler(number):
    """What makes the packet of that message as large as a packet can be."""
    bare = event(
        "message",
        {"data": "as large as a packet can be", "id": f"id-{number}", "filler": ""},
        ack=number,
    )
    return "x" * (LARGEST_PACKET - len(bare) - 1)  # and Engine.IO's own digit


def rush(scene):
    """Many at once from one sender, so that their order is given."""
    for name in ("Alice's line", "Bob's poll"):
        texts = [f"{name} {number}" for number in range(48)]
        scene.ears[name].source.send_all([event("message", text) for text in texts])
        scene.ears[name].wait_for('42["message"', f'"message":"{texts[-1]}"')


def test_both_ways_tell_everyone_the_same(servers, person):
    fast, plain = (play(servers[way], person) for way in WAYS)
    assert fast.keys() == plain.keys()
    for name in fast:
        assert fast[name] == plain[name], name
    assert max(map(size, fast["Bob's line"])) > 16_000
    assert sum(map(size, fast["Charlie's slow line"])) > 400_000
    assert size(fast["Charlie's late line"][0]) > 0x10000, "a frame with its length in eight bytes"
    assert fast["Charlie's slow line"][1:] == fast["Charlie's slow poll"][1:]


def size(packet):
    return len(packet.encode())


@pytest.mark.parametrize("way", WAYS)
def test_all_talk_at_once_and_all_hear_the_same(servers, person, way):
    with Scene(servers[way], person) as scene:
        for somebody in (scene.alice, scene.bob, scene.charlie):
            if somebody is not scene.alice:
                somebody.join(scene.code)
            scene.listen(f"{somebody.name}'s line", scene.line(somebody))
            scene.listen(f"{somebody.name}'s poll", scene.poll(somebody))
        chatter(scene)
        for name, ear in scene.ears.items():
            assert [ear.ack(number)["ok"] for number in range(SPOKEN)] == [True] * SPOKEN
            assert acknowledged(ear) == list(range(SPOKEN)), name
        scene.end()
        first, *others = (ear.events("message") for ear in scene.ears.values())
        for other in others:
            assert other == first
        assert scene.ears["Bob's poll"].numbers() == list(range(1, 6 * SPOKEN + 2))
        for name in scene.ears:
            assert said_by(name, first) == list(range(SPOKEN))


def chatter(scene):
    """Everyone says SPOKEN things of very different lengths, some in one segment, at once."""
    threads = [
        threading.Thread(target=speak, args=[name, ear.source]) for name, ear in scene.ears.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def speak(name, source):
    packets = [
        event("message", f"{name} {number} " + "x" * (number * 997 % 3900), ack=number)
        for number in range(SPOKEN)
    ]
    for start in range(0, SPOKEN, 4):
        source.send_all(packets[start : start + 4])


def acknowledged(ear):
    return [int(re.match(r"43(\d+)", packet)[1]) for packet in ear.packets if packet[:2] == "43"]


def said_by(name, events):
    """The numbers of what was said there, in the order in which it was heard."""
    texts = [json.loads(packet[2:])[1]["message"] for packet in events]
    return [int(text[len(name) + 1 :].split()[0]) for text in texts if text.startswith(f"{name} ")]
