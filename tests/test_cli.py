"""Commands for whoever runs it."""

import re

from tests.support.rows import new_room


def test_create_room_prints_a_code_that_can_be_joined(runner, client):
    code = runner.invoke(args=["create-room"]).output.strip()
    assert re.fullmatch(r"[0-9A-Z]{4}", code)
    answer = client.post("/", data={"name": "Alice", "code": code, "join": "1"})
    assert answer.status_code == 303


def test_rooms_lists_what_is_open(runner, client):
    code = client.post("/", data={"name": "Alice", "create": "1"}).location[-4:]
    client.post(f"/room/{code}", data={"message": "a secret", "id": "1"})
    output = runner.invoke(args=["rooms"]).output
    [line] = [line.split() for line in output.splitlines() if code in line]
    assert line[:3] == [code, "1", "1"]
    assert "secret" not in output


def test_the_codes_of_conversations_keep_the_columns(app, runner):
    with app.app_context():
        new_room("K7QP")
        new_room("2ZTWKBKCQSYF")
    head, *lines = runner.invoke(args=["rooms"]).output.splitlines()
    ends = {line.index(" 0 ") + 2 for line in lines}
    assert ends == {head.index("MEMBERS") + len("MEMBERS")}
