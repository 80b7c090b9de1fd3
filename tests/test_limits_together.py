"""What protects somebody is counted on all processes together."""

import time

import pytest

IN_FLIGHT = 3
"""More than the limit, at most: until another process has heard of a hit."""


@pytest.fixture(scope="module")
def strict(cluster_of):
    with cluster_of(2, LIMITS="on") as strict:
        yield strict


def tries_until_refused(strict, reason, attempt):
    """How many of 18, now here, now there, are let through, before both refuse them for that."""
    pages = []
    for server in [*strict] * 9:
        pages.append(attempt(server).text)
        time.sleep(0.15)  # slow enough for any form
    assert [reason in page for page in pages[-2:]] == [True, True]
    return sum(reason not in page for page in pages)


def test_wrong_codes_are_counted_on_all_processes_together(strict, person):
    charlie = {server: person("Charlie", server) for server in strict}

    def guess(server):
        form = {"name": "Charlie", "code": "2222", "join": "1"}
        return charlie[server].post("/", form)

    assert 10 <= tries_until_refused(strict, "Too many wrong codes", guess) <= 10 + IN_FLIGHT


def test_passwords_of_a_name_are_counted_on_all_processes_together(strict, person):
    person("Alice", strict[0]).keep_name()
    charlie = {server: person("Charlie", server) for server in strict}

    def guess(server):
        form = {"name": "Alice", "password": "a guess at a password"}
        return charlie[server].post("/sign-in", form)

    assert 10 <= tries_until_refused(strict, "Too many tries", guess) <= 10 + IN_FLIGHT
