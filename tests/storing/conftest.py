"""Alice and Bob in a room: rows in the tables, of this process, on both databases."""

import pytest

from models import User
from tests.support.rows import add, new_room


@pytest.fixture
def alice(context):
    return add(User(name="Alice"))


@pytest.fixture
def bob(context):
    return add(User(name="Bob"))


@pytest.fixture
def room(alice, bob):
    return new_room("K7QP", alice, bob)
