"""People for Parlor, made before it starts: rows in its database, and the cookies that name them.

A program of its own, since it makes the app as the environment's settings say:

    python -m bench.parlor 4 4 4        (the sizes of the rooms) prints a line of JSON for each room
"""

import json
import sys

import flask_migrate
from sqlalchemy import insert

from app import create_app
from models import Message, Participant, Room, User, db, now
from parlor import codes, names

SAID, HEARD = 5, 3
"""Messages in a room where people were talking, and how many of them its members have."""


def main(sizes):
    app = create_app()
    with app.app_context():
        flask_migrate.upgrade()
        store(sizes)
        for code, people in rooms_of(sizes):
            print(json.dumps({"code": code, "people": [who(app, one, code) for one in people]}))


def said_in(number):
    """Messages in room `number`: people were talking in every fifth."""
    return SAID if number % 5 == 0 else 0


def rooms_of(sizes):
    """(code, people) of each room; the codes count up, the people's ids too."""
    first = 1
    for number, size in enumerate(sizes):
        yield code_of(number), [person(first + place) for place in range(size)]
        first += size


def code_of(number):
    """The code of room `number`: four digits of base 32."""
    return "".join(codes.ALPHABET[number >> shift & 31] for shift in (15, 10, 5, 0))


def person(number):
    return {"id": number, "key": f"{number:032x}", "name": f"Person {number:05}"}


def store(sizes):
    users, rooms, members, messages = [], [], [], []
    for number, (code, people) in enumerate(rooms_of(sizes)):
        room, owner, said = number + 1, people[0]["id"], said_in(number)
        users += people
        rooms.append({"id": room, "code": code, "owner_id": owner, "last_seq": said})
        members += [member(room, someone) for someone in people]
        messages += [message(room, owner, seq) for seq in range(1, said + 1)]
    tables = ((User, users), (Room, rooms), (Participant, members), (Message, messages))
    for table, rows in tables:
        db.session.execute(insert(table), rows)
    db.session.commit()


def message(room_id, user_id, seq):
    return {
        "room_id": room_id,
        "user_id": user_id,
        "seq": seq,
        "version": seq,
        "client_id": f"before-{seq}",
        "content": f"said before, {seq}",
        "timestamp": now(),
    }


def member(room_id, someone):
    return {
        "room_id": room_id,
        "user_id": someone["id"],
        "name": someone["name"],
        "name_key": names.key(someone["name"]),
    }


def who(app, someone, code):
    """The person's name, and the session cookie that Parlor would have given them."""
    session = {"_permanent": True, "user": someone["id"], "key": someone["key"], "room": code}
    cookie = app.session_interface.get_signing_serializer(app).dumps(session)
    return {"name": someone["name"], "cookie": cookie}


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
