"""What the tests stand on: a database server, Parlor's own server, people, browsers."""

import os
import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tests of what SQLite alone has."""

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
"""For tests of what PostgreSQL alone has."""


def missing(what):
    """Skip the test for want of a program; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and in CI nothing is skipped")
    pytest.skip(f"{what} is missing; `make test` installs it")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
