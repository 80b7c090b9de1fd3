"""What is read costs the same however much is stored: counted in the database's own work."""

import json

import pytest
from sqlalchemy import event, insert, text, update

from models import Message, Participant, Room, User, db, now
from parlor import messages, overview, patience, store
from parlor.live_room import LiveRoom
from parlor.store import Draft
from parlor.store_sql import Postgres
from tests.support import on_postgres
from tests.support.rows import add, new_room

FEW, MANY = 4_000, 64_000
"""Messages in each of three rooms; in a fourth one nobody has said a word since."""

DOUBLE = text("""
    INSERT INTO message
        (room_id, user_id, seq, version, client_id, content, timestamp, deleted_at)
    SELECT room_id, user_id, seq + :so_far, version + :so_far, 'id-' || (seq + :so_far), content,
        timestamp, deleted_at
    FROM message WHERE room_id BETWEEN :first AND :last""")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """To fill the tables takes longer than Parlor waits for anything."""
    monkeypatch.setattr(patience, "PATIENCE", 60)
    begin = patience.BEGIN.replace(f"{patience.STATEMENT}", "60000")
    monkeypatch.setattr(patience, "BEGIN", begin)


@pytest.fixture
def people(context):
    return [add(User(name=name)) for name in ("Alice", "Bob", "Charlie", "Dora", "Eve", "Finn")]


@pytest.fixture
def rooms(people):
    return [new_room(code, *people) for code in ("AAAA", "BBBB", "CCCC", "DDDD")]


@pytest.fixture
def reads(people, rooms):
    """Everything that is read, by name: from the new end, and far from it."""
    room, bob, dora, finn = rooms[1].id, people[1].id, people[3].id, people[5].id
    return {
        "the last page": lambda: messages.page(room),
        "an older page": lambda: messages.page(room, before=100),
        "a few changes": lambda: messages.changes(room, messages.counter(room) - 10),
        "many changes": lambda: messages.changes(room, 10),
        "a history": lambda: messages.history(bob),
        "an older page of it": lambda: messages.history(bob, before=3000),
        "a history of long ago": lambda: messages.history(dora),
        "a history of what is left": lambda: messages.history(people[4].id),
        "what is answered": lambda: messages.answered(room, messages.page(room).messages),
        "the rooms one is in": lambda: overview.page(bob),
        "the rooms of who has read nothing": lambda: overview.page(finn),
        "what is unread": lambda: overview.unread(room, finn, 10),
        "a search": lambda: messages.search(bob, "number"),
        "a search in vain": lambda: messages.search(bob, "nothing like it"),
        "a search further back": lambda: messages.search(bob, "nothing", 43_000, kept=[43_001]),
    }


def fill(rooms, people):
    """The first thousand messages of each room, one of ten by somebody else."""
    rows = [
        {
            "room_id": room.id,
            "user_id": people[(index + (n % 10 == 0)) % len(people)].id,
            "seq": n,
            "version": n,
            "client_id": f"id-{n}",
            "content": f"number {n}, and some words more",
            "timestamp": now(),
        }
        for n in range(1, 1001)
        for index, room in enumerate(rooms)
    ]
    db.session.execute(insert(Message), rows)


def regret(room, eve, so_far):
    """Every other word was Eve's, and she has deleted all but the first hundred of them."""
    hers = (Message.room_id == room.id) & (Message.seq % 2 == 0) & (Message.seq <= so_far)
    db.session.execute(update(Message).where(hers).values(user_id=eve.id))
    gone = hers & (Message.seq > 200)
    db.session.execute(update(Message).where(gone).values(content="", deleted_at=now()))
    db.session.commit()


def double(rooms, so_far, most):
    """As many again, until there are `most`; a hundred old ones are changed last of all."""
    span = {"first": rooms[0].id, "last": rooms[-1].id}
    while so_far < most:
        db.session.execute(DOUBLE, {"so_far": so_far, **span})
        so_far *= 2
    old = (Message.seq > 20) & (Message.seq <= 120)
    db.session.execute(update(Message).where(old).values(version=most + Message.seq - 20))
    db.session.execute(update(Room).values(last_seq=most + 100))
    db.session.execute(text("ANALYZE"))
    db.session.commit()


def test_sixteen_times_as_much_costs_no_more(people, rooms, reads):
    *talked_in, left = rooms
    fill([left], people[3:4])
    double([left], 1000, MANY // 2)
    fill(talked_in, people[:3])
    double(talked_in, 1000, FEW)
    regret(rooms[2], people[4], FEW)
    few = {name: work(read) for name, read in reads.items()}
    double(talked_in, FEW, MANY)
    many = {name: work(read) for name, read in reads.items()}
    grown = {name: (few[name], many[name]) for name in reads if many[name] > few[name] * 2 + 50}
    assert not grown


class Explained:
    """A cursor that answers nothing, and counts the pages that its queries look at."""

    def __init__(self):
        self.pages = 0

    def execute(self, query, values):
        self.pages += pages_of(db.session.connection(), query, tuple(values))

    def __iter__(self):
        return iter(())


@on_postgres
def test_to_store_one_among_many_looks_at_few(context):
    users = [{"id": id, "name": f"Person {id}"} for id in range(1, 5001)]
    rooms = [{"id": id, "code": f"{id:04}"} for id in range(1, 1001)]
    members = [
        {"room_id": 1 + id % 1000, "user_id": id, "name": f"{id}", "name_key": f"{id}"}
        for id in range(1, 5001)
    ]
    for table, rows in ((User, users), (Room, rooms), (Participant, members)):
        db.session.execute(insert(table), rows)
    db.session.execute(text("ANALYZE"))
    cursor = Explained()
    store.look_up(Postgres, cursor, [Draft(LiveRoom(6, "0006"), 5, "an id", "Hello")])
    assert 0 < cursor.pages < 20


def work(read):
    """What a read takes: steps of SQLite's machine, or pages that Postgres looks at."""
    return steps(read) if db.engine.dialect.name == "sqlite" else pages(read)


def steps(read):
    counted = []
    connection = db.session.connection().connection.driver_connection
    connection.set_progress_handler(lambda: counted.append(1), 10)
    read()
    connection.set_progress_handler(None, 0)
    return len(counted) * 10


def pages(read):
    asked = []
    connection = db.session.connection()
    note = lambda *query: asked.append(query[2:4])  # noqa: E731
    event.listen(connection, "before_cursor_execute", note)
    read()
    event.remove(connection, "before_cursor_execute", note)
    return sum(pages_of(connection, *query) for query in asked)


def pages_of(connection, statement, parameters):
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    answer = connection.exec_driver_sql(explain, parameters).scalar()
    [plan] = json.loads(answer) if isinstance(answer, str) else answer
    return plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
