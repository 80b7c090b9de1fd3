"""The verdict: each thing that can be wrong is noticed, and said."""

import threading
import time
from types import SimpleNamespace

import pytest

from tests.faults.sender import Ack, Sender
from tests.faults.tables import Row
from tests.faults.verdict import problems
from tests.faults.world import World

TEXTS = ["Hello", "How are you?", "Fine"]


def story():
    """Alice said three things, and Bob has seen them: nothing is wrong."""
    rows = [Row(n, n, f"id-{n}", 1, text) for n, text in enumerate(TEXTS, 1)]
    acks = {row.id: Ack(row.id, row.text, row.seq, 0, 0) for row in rows}
    shown = {row.seq: {"seq": row.seq, "id": row.id, "message": row.text} for row in rows}
    return SimpleNamespace(
        rows=rows,
        last_seq=len(rows),
        alice=SimpleNamespace(name="Alice", problems=[], acks=acks, outbox=[], window=1),
        bob=SimpleNamespace(name="Bob", problems=[], shown=shown),
    )


def verdict(story):
    return problems([story.alice], [story.bob], story.rows, story.last_seq)


def unstore(story):
    story.rows.pop()
    story.last_seq -= 1


def store_again(story):
    story.rows.append(story.rows[0]._replace(seq=4, version=4))
    story.last_seq += 1


def store_again_under_another_id(story):
    story.rows.append(story.rows[0]._replace(seq=4, version=4, id="other"))


def skip_a_number(story):
    story.rows[2] = story.rows[2]._replace(seq=4, version=4)


def give_a_number_twice(story):
    story.rows[2] = story.rows[2]._replace(seq=2)


def forget_to_count(story):
    story.last_seq -= 1


def forget_to_acknowledge(story):
    ack = story.alice.acks.pop("id-3")
    story.alice.outbox.append(ack)


def acknowledge_another_number(story):
    story.alice.acks["id-1"] = story.alice.acks["id-1"]._replace(seq=9)


def turn_round(story):
    first, second, third = story.rows
    story.rows = [second._replace(seq=1), first._replace(seq=2), third]


def miss_the_last(story):
    del story.bob.shown[3]


def see_what_is_not_there(story):
    story.bob.shown[4] = {"seq": 4, "id": "id-4", "message": "Boo"}


def see_twice(story):
    story.bob.shown[4] = {**story.bob.shown[3], "seq": 4}


def see_another_text(story):
    story.bob.shown[3] = {**story.bob.shown[3], "message": "Ill"}


def complain(story):
    story.bob.problems.append("one number, two messages")


def test_nothing_is_wrong_with_what_is_right():
    assert verdict(story()) == []


@pytest.mark.parametrize(
    ("do", "complaint"),
    [
        (unstore, "acknowledged, not stored (1): Fine"),
        (store_again, "stored twice under one id (1): (1, 'id-1')"),
        (store_again_under_another_id, "stored twice, one text (1): Hello"),
        (store_again_under_another_id, "stored, not acknowledged (1): Hello"),
        (store_again_under_another_id, "numbers above the room's counter (1): 4"),
        (skip_a_number, "holes in the numbers (1): 3"),
        (give_a_number_twice, "two messages with one number (1): 2"),
        (forget_to_count, "numbers above the room's counter (1): 3"),
        (forget_to_acknowledge, "not acknowledged in the end (1): Fine"),
        (acknowledge_another_number, "acknowledged otherwise than stored (1): 'Hello' as 9"),
        (turn_round, "Alice's are stored out of their order (2): How are you? for Hello"),
        (turn_round, "Bob saw otherwise (2)"),
        (miss_the_last, "Bob never saw (1): 3"),
        (see_what_is_not_there, "Bob saw what is not stored (1): id-4"),
        (see_twice, "Bob saw twice (1): id-3"),
        (see_another_text, "Bob saw otherwise (1)"),
        (complain, "Bob: one number, two messages"),
    ],
)
def test_what_is_wrong_is_said(do, complaint):
    told = story()
    do(told)
    assert any(problem.startswith(complaint) for problem in verdict(told)), verdict(told)


def test_the_verdict_waits_for_what_somebody_is_just_about_to_say(start_server, monkeypatch):
    """Else a message is under way while the table is read, and looks lost."""
    say, is_about_to = Sender.say, threading.Event()

    def say_slowly(sender):
        is_about_to.set()
        time.sleep(0.3)
        return say(sender)

    monkeypatch.setattr(Sender, "say", say_slowly)
    with World(start_server(), senders=1, receivers=1) as world:
        world.talk()
        assert is_about_to.wait(5)
        world.finish()
