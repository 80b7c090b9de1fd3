"""What grows, and what must not: the cost of a delivery, and of a page, a catch-up and a search."""

import sqlite3
from http.client import HTTPConnection
from time import perf_counter

from bench.measure import percentile
from bench.runs import Load
from bench.servers import Server

SIZES = (2, 20, 200, 2000)
ROOMS = (1, 20, 200, 2000)

STORED = (1_000, 1_000_000)
"""Messages in the database."""

WRITERS = 1_000
"""Users, each with a room of their own."""

STEADY, BUSY, OTHERS = 1, 2, 3
"""Users and their rooms: one wrote as much in each database, one a lot, and the others the rest."""

STEADY_WROTE, BUSY_WROTE = 500, 20_000
REQUESTS = 15

FILL = """
WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < :count)
INSERT INTO message (room_id, user_id, seq, version, client_id, content, timestamp)
SELECT :room, :room, seq, seq, printf('%032x', seq),
       printf('What was said before, %d, about %s.', seq,
              CASE seq % 50 WHEN 0 THEN 'elephants' ELSE 'the weather' END),
       '2026-01-01 12:00:00.000000'
FROM n
"""


def by_size(members):
    """One room of so many, where at most eight talk."""
    return Load(f"a room of {members}", (members,), talkers=8, under_way=4)


def by_rooms(rooms):
    """So many rooms of two, where the first one talks."""
    name = f"{rooms} rooms of two"
    return Load(name, (2,) * rooms, talkers=2, under_way=4, rooms_that_talk=1)


LOADS = (*map(by_size, SIZES), *map(by_rooms, ROOMS))


def pages_run(peer, stored):
    """{what is asked: median milliseconds} with so many messages stored."""
    with Server(peer, (1,) * WRITERS, before_start=lambda server: fill(server, stored)) as server:
        return pages_on(server, stored)


def pages_on(server, stored):
    asked = {"steady": server.people[STEADY - 1]}
    if stored > BUSY_WROTE:
        asked["busy"] = server.people[BUSY - 1]
    return {
        f"{what}, {who}": median_ms(server, person, path.format(code=person.code))
        for who, person in asked.items()
        for what, path in PATHS.items()
    }


PATHS = {
    "page of history": "/history",
    "catch-up": "/api/chat/rooms/{code}/messages?after=300",
    "search": "/history?q=elephants",
    "search for nothing": "/history?q=giraffes",
}


def fill(server, stored):
    """Put messages straight into the database: by user and room number, which are the same."""
    connection = sqlite3.connect(server.directory / "parlor.db")
    with connection:
        connection.execute("DELETE FROM message")
        for room, count in shares(stored).items():
            connection.execute(FILL, {"room": room, "count": count})
            connection.execute("UPDATE room SET last_seq = ? WHERE id = ?", (count, room))
    connection.close()


def shares(stored):
    """{user and room: messages}"""
    counts = {STEADY: STEADY_WROTE}
    if stored > BUSY_WROTE:
        counts[BUSY] = BUSY_WROTE
    rest, others = stored - sum(counts.values()), WRITERS - OTHERS + 1
    for place in range(min(rest, others)):
        counts[OTHERS + place] = rest // others + (place < rest % others)
    return counts


def median_ms(server, person, path):
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    name, cookie = person.headers[0].split(": ", 1)
    times = [request_ms(connection, path, {name: cookie}) for _ in range(REQUESTS)]
    connection.close()
    return percentile(times, 50)


def request_ms(connection, path, headers):
    begin = perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} for {path}")
    return 1e3 * (perf_counter() - begin)
