"""How Parlor is served. gunicorn reads this file by itself; its command line wins over it.

There is no access log: the app logs its requests itself.
"""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # known, and pinned

import eventlet  # noqa: E402

eventlet.monkey_patch()  # as the worker will in this same process: before anything else is there

import gc  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sqlite3  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from contextlib import closing  # noqa: E402
from pathlib import Path  # noqa: E402
from urllib.parse import quote  # noqa: E402

from pydantic import ValidationError  # noqa: E402

from parlor import budget  # noqa: E402
from parlor.settings import Settings, explain  # noqa: E402

try:
    settings = Settings()
except ValidationError as error:
    sys.exit(f"Parlor cannot start.\n{explain(error)}")

budget.raise_limit()

bind = f"{settings.host}:{settings.port}"
# At DEBUG, gunicorn would log addresses, which hold codes and what people search for.
loglevel = settings.log_level.replace("DEBUG", "INFO").lower()
worker_class = "eventlet"
# WebSockets are no requests, but for RELAY=plain; parlor/wire.py counts them.
worker_connections = budget.requests() if settings.relay == "fast" else budget.websockets()
graceful_timeout = 8  # for all of parlor/drain.py; then the arbiter kills
keepalive = 5
control_socket_disable = True  # all of a user's gunicorns would share the one


def on_starting(server):
    if server.cfg.workers > 1:
        server.log.error(
            "Parlor runs as one process for now: its rooms live in that process's memory, and "
            "people in two workers would not see each other. Set WEB_CONCURRENCY=1 (or -w 1)."
        )
        sys.exit(1)
    if settings.on_sqlite and not is_up_to_date():
        migrate(server.log)


def is_up_to_date():
    """Whether the SQLite file surely has had the newest migration.

    The app is not loaded for that: it takes a second, in which nobody is served.
    """
    newest = max(path.stem.partition("_")[0] for path in Path("migrations/versions").glob("*.py"))
    file = settings.database_url.partition("sqlite:///")[2]
    if not os.path.isabs(file):
        return False  # Flask-SQLAlchemy will know where it is
    try:
        with closing(sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True)) as database:
            return [(newest,)] == database.execute("SELECT * FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False  # not there yet, or no database


def migrate(log):
    """Bring the SQLite file up to date. Postgres is migrated by the deploy, before this starts."""
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    if subprocess.run(command, check=False).returncode:
        log.error("The database could not be brought up to date (%s).", " ".join(command[1:]))
        sys.exit(1)


def without_quotes(record):
    """gunicorn quotes requests that it cannot read, and who knows what is in them."""
    if record.msg.startswith("Invalid request"):
        record.msg, record.args = "Invalid request", ()
    return True


def stop_when_told(worker, pipe, main):
    """A deploy: everybody is told before the worker goes; after that, nobody holds it up."""
    from parlor import drain  # not in the arbiter

    eventlet.hubs.trampoline(pipe, read=True)
    try:
        drain.drain()
    finally:
        worker.alive = False
        worker.cfg.set("graceful_timeout", 0)  # only idle connections are left
        eventlet.hubs.get_hub().schedule_call_global(0, main.switch)  # else it sleeps for a second


def post_fork(server, worker):
    # Until a worker has handlers of its own, it puts what it is told into its copy of this.
    worker.told_early = server.SIG_QUEUE


def was_told(signals):
    """Whether one of them is to stop."""
    return any(signals.get_nowait() == signal.SIGTERM for _ in range(signals.qsize()))


def post_worker_init(worker):
    # Looking for garbage stops everybody: seldom, then, and not in what stays anyway.
    gc.set_threshold(100_000, 50, 1000)
    gc.freeze()
    worker.log.error_log.addFilter(without_quotes)
    told, tell = os.pipe()  # the loop may be asleep, and wakes up for a file
    write = eventlet.patcher.original("os").write
    signal.signal(signal.SIGTERM, lambda *_: write(tell, b"!"))
    eventlet.spawn_n(stop_when_told, worker, told, eventlet.getcurrent())
    if was_told(worker.told_early):
        worker.alive = False
    for listener in worker.sockets:
        worker.log.info("Parlor is at %s", listener)
