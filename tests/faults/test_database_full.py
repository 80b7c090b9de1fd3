"""The disk is full: nothing is acknowledged that is not stored, and everything can be read."""

import tempfile
import time
from pathlib import Path

import pytest

from tests.faults.conftest import long
from tests.faults.receiver import Receiver
from tests.faults.troubles import Disk
from tests.faults.watch import Watch
from tests.faults.world import World, p99
from tests.support import missing
from tests.support.postgres import Postgres, find_binaries

LARGE = 900
"""Characters of a message: so that what is left of the disk is soon used up."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(params=["fast", pytest.param("plain", marks=long)])
def relay(request):
    return request.param


@pytest.fixture(params=[0, pytest.param(15, marks=long)])
def seconds(request):
    return request.param


@pytest.fixture
def disk(tmp_path):
    with Disk(tmp_path / "disk", megabytes=64) as disk:
        yield disk


@pytest.fixture
def postgres_on_disk():
    """A PostgreSQL server that has a small disk for itself, where it can be reached by its user."""
    home = Path(tempfile.mkdtemp(prefix="parlor-disk-"))
    home.chmod(0o755)
    binaries = find_binaries() or missing("PostgreSQL")
    with Disk(home / "disk", megabytes=160) as disk:
        (disk.path / "home").mkdir()
        with Postgres(binaries, home=disk.path / "home") as postgres:
            yield disk, postgres
    (home / "disk").rmdir()
    home.rmdir()


def test_sqlite_has_no_space_left(disk, relay, seconds, start_server, figure):
    server = start_server(DATABASE_URL=f"sqlite:///{disk.path}/parlor.db", RELAY=relay)
    go_through(server, disk, seconds, figure)


def test_postgres_has_no_space_left(postgres_on_disk, relay, seconds, start_server, figure):
    disk, postgres = postgres_on_disk
    server = start_server(DATABASE_URL=postgres.fresh_database(), RELAY=relay)
    go_through(server, disk, seconds, figure)


def go_through(server, disk, seconds, figure):
    with World(server, size=LARGE) as world, Watch(world, questions=("typing", "sync")) as watch:
        late = Receiver(world.member("Latecomer"), world.code, server)
        world.talk(1)
        disk.fill()
        wait_until_all_are_refused(world, time.monotonic())
        world.receivers.append(late)
        began = time.monotonic()
        late.start()
        world.wait_for(lambda: late.shown, "somebody comes in, and reads")
        assert world.host.get(f"/room/{world.code}").status_code == 200
        time.sleep(seconds)
        wait_until_all_are_refused(world, time.monotonic())
        ended = time.monotonic()
        disk.free()
        again = world.wait_for(lambda: world.acks(since=ended), "an acknowledgement")[0].at
        world.talk(1)
        world.finish()
    assert {code for sender in world.senders for _, code in sender.put_off} == {"retry"}
    assert not any(client.losses for client in world.clients)
    for what in ("sync", "typing", "/healthz", "/"):
        figure(f"full: p99 of {what}", p99(watch.took(what, began, ended)), below=0.25)
    figure("full: stored again after", again - ended, below=3)


def wait_until_all_are_refused(world, since):
    def are_refused():
        return all(any(at > since for at, _ in sender.put_off) for sender in world.senders)

    world.wait_for(are_refused, "everybody is told to send again")
