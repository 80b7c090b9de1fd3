"""The writer: groups, answers, and what it does when the database fails; on both databases."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from models import db
from parlor.errors import Retry
from parlor.store import store
from parlor.transactions import write_transaction
from parlor.writer import Writer
from tests.support.rows import draft, stored


def new_writer():
    writer = Writer()
    writer.configure(db.engine)
    return writer


def test_many_at_once_cost_few_commits(app, room, alice, monkeypatch):
    monkeypatch.setattr("parlor.relay.send_message", lambda *_: None)
    transactions, answers = [], []

    def counted(*args):
        transactions.append(args)
        return write_transaction(*args)

    monkeypatch.setattr("parlor.writer.write_transaction", counted)
    writer = new_writer()
    writer.is_writing = True  # nobody writes until all are in line
    for n in range(50):
        writer.submit(draft(room, alice, f"id-{n}"), answers.append)
    writer.run()
    assert [outcome.posted.seq for outcome in answers] == list(range(1, 51))
    assert len(transactions) == 1
    assert not writer.is_writing


def test_numbers_hold_under_writers_that_do_not_know_each_other(app, room, alice, monkeypatch):
    relayed = []
    monkeypatch.setattr("parlor.relay.send_message", lambda _, posted: relayed.append(posted.seq))
    threads = [
        in_background(app, writer.post, draft(room, alice, f"{id(writer)}-{n}"))
        for writer in [new_writer() for _ in range(4)]
        for n in range(10)
    ]
    for thread in threads:
        thread.join(20)
    assert sorted(relayed) == list(range(1, 41))
    assert sorted(seq for _, seq, _ in stored()) == list(range(1, 41))


def in_background(app, call, *arguments):
    def run():
        with app.app_context():
            call(*arguments)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_one_bad_row_takes_no_other_with_it(app, room, alice, bob, monkeypatch):
    monkeypatch.setattr("parlor.relay.send_message", lambda *_: None)

    def fails_on_bad(cursor, drafts):
        if any(one.content == "bad" for one in drafts):
            raise DataError("INSERT", {}, Exception("the row is bad"))
        return store(cursor, drafts)

    monkeypatch.setattr("parlor.writer.store", fails_on_bad)
    outcomes = new_writer().store(
        [draft(room, alice, "a"), draft(room, bob, "b", "bad"), draft(room, bob, "c")]
    )
    assert [outcome.is_new for outcome in outcomes] == [True, False, True]
    assert outcomes[1].error.code == "server_error"
    assert outcomes[1].error.details["id"]
    assert [content for _, _, content in stored()] == ["hello", "hello"]


def test_a_failing_relay_loses_nobodys_answer(app, room, alice, monkeypatch):
    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr("parlor.relay.send_message", broken)
    assert new_writer().post(draft(room, alice, "a")).seq == 1


def test_a_database_that_does_not_answer_is_worth_another_try(app, room, alice, monkeypatch):
    def gone(cursor, drafts):
        raise OperationalError("INSERT", {}, Exception("server closed the connection"))

    monkeypatch.setattr("parlor.writer.store", gone)
    with pytest.raises(Retry):
        new_writer().post(draft(room, alice, "a"))


def test_whoever_is_in_line_when_the_database_does_not_answer_need_not_ask_it_too(
    app, room, alice, monkeypatch
):
    writer, answers, asked = new_writer(), [], []

    def gone(cursor, drafts):
        asked.append(len(drafts))
        for n in range(3):
            writer.submit(draft(room, alice, f"late-{n}"), answers.append)
        raise OperationalError("INSERT", {}, Exception("server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr("parlor.writer.store", gone)
        with pytest.raises(Retry):
            writer.post(draft(room, alice, "a"))
    assert asked == [1]
    assert [outcome.error.code for outcome in answers] == ["retry"] * 3
    monkeypatch.setattr("parlor.relay.send_message", lambda *_: None)
    assert writer.post(draft(room, alice, "a")).seq == 1


def test_an_outage_in_the_middle_takes_no_answer_back(app, room, alice, monkeypatch):
    """One row is bad, so they are stored one by one; then the database is gone."""
    relayed, answers = [], []
    monkeypatch.setattr("parlor.relay.send_message", lambda _, posted: relayed.append(posted.seq))

    def fails(cursor, drafts):
        if drafts[-1].content == "bad":
            raise DataError("INSERT", {}, Exception("the row is bad"))
        if drafts[-1].content == "gone":
            raise OperationalError("INSERT", {}, Exception("server closed the connection"))
        return store(cursor, drafts)

    monkeypatch.setattr("parlor.writer.store", fails)
    writer = new_writer()
    writer.is_writing = True
    for said in ("good", "gone", "never", "bad"):
        writer.submit(draft(room, alice, said, said), answers.append)
    writer.run()
    assert [outcome.error and outcome.error.code for outcome in answers] == [None, *["retry"] * 3]
    assert relayed == [1]
    assert [content for _, _, content in stored()] == ["good"]


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(app, room, alice, monkeypatch, caplog):
    def gone(cursor, drafts):
        raise OperationalError("INSERT", {}, Exception("server closed the connection"))

    monkeypatch.setattr("parlor.relay.send_message", lambda *_: None)
    writer = new_writer()
    with monkeypatch.context() as patch:
        patch.setattr("parlor.writer.store", gone)
        for _ in range(3):
            with pytest.raises(Retry):
                writer.post(draft(room, alice, "a"))
    writer.post(draft(room, alice, "a"))
    writer.post(draft(room, alice, "b"))
    said = [record.getMessage() for record in caplog.records if record.name == "parlor.writer"]
    assert said == ["nothing can be stored", "stored again, after refused=3"]


def test_whoever_waits_in_line_holds_no_connection(app, room, alice, monkeypatch):
    monkeypatch.setattr("parlor.relay.send_message", lambda *_: None)
    db.session.execute(text("SELECT 1"))
    assert db.engine.pool.checkedout() == 1
    writer, held = new_writer(), []
    monkeypatch.setattr(writer, "write", lambda batch: note_and_write(writer, batch, held))
    writer.post(draft(room, alice, "a"))
    assert held == [0]


def note_and_write(writer, batch, held):
    held.append(writer.engine.pool.checkedout())
    Writer.write(writer, batch)


def test_the_writer_goes_on_after_what_is_no_exception(app, room, alice, monkeypatch):
    """As a greenlet's end may be: whoever waited has an answer, and the next one is served."""

    def interrupted(cursor, drafts):
        raise KeyboardInterrupt

    writer, answers = new_writer(), []
    with monkeypatch.context() as patch:
        patch.setattr("parlor.writer.store", interrupted)
        patch.setattr("parlor.relay.in_background", lambda task: None)
        writer.submit(draft(room, alice, "a"), answers.append)
        with pytest.raises(KeyboardInterrupt):
            writer.run()
    assert answers[0].error.code == "retry"
    monkeypatch.setattr("parlor.relay.send_message", lambda *_: None)
    assert writer.post(draft(room, alice, "b")).seq == 1
