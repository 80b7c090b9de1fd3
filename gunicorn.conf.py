"""How Parlor is served. gunicorn reads this file by itself; its command line wins over it.

There is no access log: the app logs its requests itself.
"""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # known, and pinned

from parlor import workers as _workers  # noqa: E402 - gunicorn has a setting of that name

if _workers.named() == "eventlet":
    _workers.patched()  # as the worker will in this same process; the others wait until they fork

import gc  # noqa: E402
import os  # noqa: E402
import select  # noqa: E402
import signal  # noqa: E402
import sqlite3  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from contextlib import closing  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from threading import Thread  # noqa: E402
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
worker_class = settings.worker
# WebSockets are no requests, but for RELAY=plain; parlor/wire.py counts them.
worker_connections = budget.requests() if settings.relay == "fast" else budget.websockets()
if settings.worker == "gthread":
    threads = budget.THREADS
    worker_connections = 2 * threads  # those that only stay open, between requests, hold none
graceful_timeout = 8  # for all of parlor/drain.py; then the arbiter kills
keepalive = 5
control_socket_disable = True  # all of a user's gunicorns would share the one


def on_starting(server):
    if reason := reason_to_refuse(server.cfg):
        server.log.error(reason)
        sys.exit(1)
    if settings.on_sqlite and not is_up_to_date():
        migrate(server.log)


def reason_to_refuse(cfg):
    """Why gunicorn's command line and the settings do not go together, or None."""
    if cfg.worker_class_str != settings.worker:
        return (
            f"gunicorn was given the worker {cfg.worker_class_str} (-k), but WORKER says "
            f"{settings.worker}, which Parlor then runs as. Set both alike, or leave -k out."
        )
    if cfg.workers > 1 and not settings.redis_url:
        return (
            f"Parlor was to start {cfg.workers} workers, but people in two processes see each "
            "other only where these meet. Set REDIS_URL, and DATABASE_URL to a Postgres; or set "
            "WEB_CONCURRENCY=1 (or -w 1) for one process, which needs neither."
        )
    return None


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


def stop_when_told(worker, pipe, go_on):
    """A deploy: everybody is told before the worker goes; after that, nobody holds it up."""
    from parlor import drain  # not in the arbiter

    select.select([pipe], [], [])
    try:
        drain.drain()
    finally:
        worker.cfg.set("graceful_timeout", 0)  # only idle connections are left
        worker.handle_exit(signal.SIGTERM, None)
        go_on()


def post_fork(server, worker):
    # Until a worker has handlers of its own, it puts what it is told into its copy of this.
    worker.told_early = server.SIG_QUEUE
    worker.addresses = [str(listener) for listener in server.LISTENERS]


def was_told(signals):
    """Whether one of them is to stop."""
    return any(signals.get_nowait() == signal.SIGTERM for _ in range(signals.qsize()))


def post_worker_init(worker):
    # Looking for garbage stops everybody: seldom, then, and not in what stays anyway.
    gc.set_threshold(100_000, 50, 1000)
    gc.freeze()
    worker.log.error_log.addFilter(without_quotes)
    told, tell = os.pipe()  # the loop may be asleep, and wakes up for a file
    loop = _workers.loop_of(settings.worker)
    write = loop.write_now if loop else os.write
    go_on = loop.waker() if loop else partial(os._exit, 0)  # threads are waited for otherwise
    signal.signal(signal.SIGTERM, lambda *_: write(tell, b"!"))
    Thread(target=stop_when_told, args=(worker, told, go_on), daemon=True).start()
    if was_told(worker.told_early):
        worker.alive = False
    for address in worker.addresses:
        worker.log.info("Parlor is at %s", address)
