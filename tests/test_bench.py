"""The benchmark, in a tiny form: it runs, and it notices what is lost or doubled."""

import orjson
import pytest

from bench import check, partitions, report, scale_report, wire
from bench.arrivals import comeback_on
from bench.crowds import Crowd
from bench.growth import fill, pages_on
from bench.peers import PEERS, Person
from bench.runs import Load
from bench.scale import Plan, Result, Run
from bench.servers import Server
from bench.suite import SHORT, Results
from tests.support import missing
from tests.support.postgres import find_binaries
from tests.support.redis import find_redis

SIZES = (4, 3)

TINY = Plan({1: 1, 2: 1}, rooms=4, every=1, large=10, rush=2, rush_seconds=0.2, rest=0.1)

TALKERS = {0: 3, 1: 2}
"""Messages that each has said in the room of `transcript`."""


def transcript(*said, first_seq=1):
    """What a member gets when these (talker, counter) are said, in a room that numbers them."""
    frames = [
        b'42["message",{"seq":%d,"message":"%s"}]' % (seq, wire.text(*numbers))
        for seq, numbers in enumerate(said, start=first_seq)
    ]
    return b"\x81\x7e".join(frames)


ALL = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)]


def test_all_once_is_no_fault():
    assert check.disorder(transcript(*ALL), TALKERS) == []
    assert check.miscounts({0: 5}, [(0, 0, 5), (0, 1, 5)]) == []


def test_a_lost_message_is_reported():
    assert check.miscounts({0: 5}, [(0, 7, 4)]) == ["room 0, member 7: 4 messages of 5"]
    assert "talker 0: 1 lost" in check.disorder(transcript(*ALL[:-1]), TALKERS)


def test_a_doubled_message_is_reported():
    assert check.miscounts({0: 5}, [(0, 7, 6)]) == ["room 0, member 7: 6 messages of 5"]
    assert "talker 0: 1 doubled" in check.disorder(transcript(*ALL, ALL[0]), TALKERS)


def test_a_lost_and_a_doubled_one_do_not_make_up_for_each_other():
    faults = check.disorder(transcript(*ALL[:-1], ALL[0]), TALKERS)
    assert {"talker 0: 1 doubled", "talker 0: 1 lost"} <= set(faults)


def test_a_number_left_out_is_reported():
    jumping = transcript(*ALL[:2]) + transcript(*ALL[2:], first_seq=4)
    assert check.disorder(jumping, TALKERS) == ["number 4 after 2"]


def test_many_faults_are_shortened():
    faults = check.miscounts({0: 5}, [(0, member, 4) for member in range(100)])
    assert faults[-1] == "and 95 more"
    assert len(faults) == check.SHOWN + 1


@pytest.fixture(scope="module")
def parlor():
    with Server(PEERS["parlor"], SIZES, before_start=lambda server: fill(server, 1_000)) as server:
        yield server


def test_a_comeback_is_measured(parlor):
    """First of all: later, more was said than comes with a join."""
    back = comeback_on(parlor)
    assert back["missing"] == 0
    assert back["joins/s"] > 0


def test_a_load_runs_and_loses_nothing(parlor):
    sample = Load("closed", SIZES, talkers=2, under_way=2).run_on(parlor, seconds=0.3, warm_up=0.1)
    assert sample.faults == []
    assert sample.deliveries > sample.messages > 0
    assert sample.figures["us/delivery"] > 0


def test_so_it_does_at_a_peer():
    load = Load("open", SIZES, talkers=2, rate=50)
    sample = load.run(PEERS["plain"], seconds=0.3, warm_up=0.1)
    assert sample.faults == []
    assert sample.messages == 15


def test_pages_are_measured(parlor):
    assert pages_on(parlor, 1_000)["search, steady"] > 0


def test_messages_in_parts_are_measured(postgres):
    figures = partitions.measure(postgres, 2000, times=2)
    assert {tuple(found) for found in figures.values()} == {tuple(partitions.FORMS)}
    assert figures["last page, ms"]["hash 64"] > 0


def test_the_table_tells_what_was_not_measured():
    results = Results()
    results.figures["hot"] = {
        "parlor": {"deliveries/s": 30.0, "p99 ms": 1.0, "us/delivery": 2.0},
        "node": {"deliveries/s": 2.0, "p99 ms": 3.0},
    }
    table = {row.what: row for row in report.rows(results, SHORT)}
    assert table["hot: deliveries/s / node"].met is True
    assert table["hot: deliveries/s / loop"].got == "not measured"
    assert "15 x (30 / 2)" in report.as_text(table.values())


@pytest.mark.parametrize("processes", [1, 2])
def test_people_on_several_processes_are_measured_and_lose_nothing(processes):
    find_binaries() or missing("PostgreSQL")
    find_redis() or missing("Redis")
    result = Run(TINY, processes, tell=print).result
    assert result.faults == []
    assert result.rush["messages/s"] > 0
    assert result.talk["deliveries/s"] > result.talk["messages/s"] > 0
    assert result.talk["delivery p99 ms"] > 0


PERSON = Person("Alice", room=0, number=0, path="/")


@pytest.fixture
def guest():
    crowd = Crowd([(PERSON, 1)], 0, 1)
    (alice,) = crowd.guests
    crowd.entering = 1
    alice.enter({"through": 3})
    yield alice
    alice.socket.close()
    crowd.epoll.close()


def seen(number):
    return {"version": number, "message": "1".zfill(19)}


def test_a_guest_asks_for_a_number_that_was_left_out(guest):
    guest.receive(seen(5))
    assert len(guest.crowd.later) == 1
    guest.take({"messages": [seen(4), seen(5)], "through": 5, "more": False})
    assert (guest.through, guest.crowd.heard.caught_up) == (5, 1)


def test_numbers_in_another_order_are_no_loss(guest):
    for number in (5, 4, 6):
        guest.receive(seen(number))
    assert (guest.through, guest.above) == (6, set())


def test_a_guest_who_lacks_the_last_one_is_noticed(guest, monkeypatch):
    monkeypatch.setattr("bench.crowds.PATIENCE", 0.1)
    guest.receive(seen(4))
    assert guest.crowd.settle({0: 4}) == []
    assert guest.crowd.settle({0: 5}) == [(0, 0, 4, 5)]


def test_a_message_that_comes_twice_is_counted(guest):
    guest.receive(seen(4))
    guest.receive(seen(4))
    assert guest.crowd.heard.twice == 1


def test_frames_may_be_cut_anywhere(guest):
    said = b"".join(
        b"\x81\x7e%s%s" % (len(text).to_bytes(2), text)
        for text in (b'42["message",%s]' % orjson.dumps(seen(number)) for number in (4, 5, 6))
    )
    rest = b""
    for place in range(len(said)):
        rest = guest.read(rest + said[place : place + 1])
    assert (guest.through, rest) == (6, b"")


def test_the_section_tells_what_was_missed():
    slow = Result(4, talk={"delivery p99 ms": 120.0}, faults=["room 1: 5 acknowledged, 4 stored"])
    text = scale_report.section([slow], TINY)
    assert "| 7 scale | 4 processes: p99 ms | < 100 | 120 | NO |" in text
    assert "- 4 processes: room 1: 5 acknowledged, 4 stored" in text


def test_each_benchmark_keeps_what_the_other_has_written(monkeypatch, tmp_path):
    (tmp_path / "results.md").touch()
    for module in (report, scale_report):
        monkeypatch.setattr(module, "RESULTS", tmp_path / "results.md")
    report.write(Results(), [], SHORT)
    scale_report.write([Result(4)], TINY)
    report.write(Results(), [], SHORT)
    text = report.RESULTS.read_text()
    assert text.count("# What was measured") == text.count(report.SCALE) == 1
    assert text.index("## Notes") < text.index(report.SCALE)
