"""What is so of a room, asked at several processes and in the table."""

import time
from contextlib import closing

import psycopg2

from tests.support.people import SOON


def names(people):
    return sorted(one["name"] for one in people)


def wait_until(is_so, seconds=2 * SOON):
    """What `is_so()` returns once that is true. AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (result := is_so()):
        assert time.monotonic() < deadline, "it never was so"
        time.sleep(0.05)
    return result


def here(person, code):
    """(names, count) of who is here, as the person's process has it."""
    answer = person.get(f"/api/chat/rooms/{code}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return names(found["members"]), found["count"]


def wait_until_here(expected, code, *people):
    """Wait until each of the people's processes says that those, and nobody else, are here."""
    wanted = sorted(expected), len(expected)
    seen = {}

    def is_so():
        seen.update({person.url: here(person, code) for person in people})
        return all(found == wanted for found in seen.values())

    try:
        wait_until(is_so)
    except AssertionError:
        raise AssertionError(f"{wanted} are here, and {seen} is said") from None


def rows(database_url, query, *values):
    """What the database itself answers."""
    with closing(psycopg2.connect(database_url)) as database, database.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def is_open(database_url, code):
    """Whether there is an open room of that code, by its table."""
    found = rows(database_url, "SELECT 1 FROM room WHERE code = %s AND closed_at IS NULL", code)
    return bool(found)
