"""The benchmark, in a tiny form: it runs, and it notices what is lost or doubled."""

import pytest

from bench import check, report, wire
from bench.arrivals import comeback_on
from bench.growth import fill, pages_on
from bench.peers import PEERS
from bench.runs import Load
from bench.servers import Server
from bench.suite import SHORT, Results

SIZES = (4, 3)

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
