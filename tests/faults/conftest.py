"""The fixtures of the fault tests."""

import pytest

long = pytest.mark.long

SLACK = 3
"""The short set runs wherever the tests run: there a figure may be so much worse."""

STANDS = [
    pytest.param(("sqlite", "fast"), id="sqlite-fast"),
    pytest.param(("postgres", "plain"), id="postgres-plain"),
    pytest.param(("sqlite", "plain"), id="sqlite-plain", marks=long),
    pytest.param(("postgres", "fast"), id="postgres-fast", marks=long),
]
"""(database, RELAY): the short set has each database and each way to write, the long all pairs."""

on_one_stand = pytest.mark.parametrize(
    "stand",
    [STANDS[0], pytest.param(("postgres", "plain"), id="postgres-plain", marks=long)],
    indirect=True,
)
"""For tests whose short set is played on one of them."""


@pytest.fixture(params=STANDS)
def stand(request, tmp_path):
    """The settings of a server on an empty database: {"DATABASE_URL", "RELAY"}."""
    database, relay = request.param
    url = f"sqlite:///{tmp_path / 'parlor.db'}"
    if database == "postgres":
        url = request.getfixturevalue("postgres").fresh_database()
    return {"DATABASE_URL": url, "RELAY": relay}


@pytest.fixture
def serve(start_server, stand):
    """`serve(LEAVE_GRACE=10)`: a server of this stand. A second one has a `name`."""

    def start(**settings):
        return start_server(**{**stand, **settings})

    return start


@pytest.fixture
def figure(request, record_property):
    """`figure("answers again after", 0.9, below=3)`: print and keep what was measured.

    In the long set it must be below, or above, what was asked; in the short one, roughly.
    """
    slack = 1 if request.node.get_closest_marker("long") else SLACK

    def note(what, value, below=float("inf"), above=0, unit="s"):
        asked = f"more than {above}" if above else f"less than {below}"
        text = f"{what} {value:.3g} {unit} (asked: {asked})"
        record_property("figure", text)
        print(f"{request.node.name}: {text}")  # noqa: T201 - for docs/reliability.md
        assert above / slack < value < below * slack, text

    return note
