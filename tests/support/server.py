"""Parlor's real server: gunicorn with the project's own configuration, at a free port."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.support import ROOT, free_port
from tests.support.migrated import copy_sqlite

SETTINGS = {
    "PARLOR_ENV": "development",  # in production, cookies are for https alone
    "SECRET_KEY": "a key that only the tests sign with",
    "TOKEN_KEY": "",
    "DATABASE_CONNECTIONS": "10",
    "DATABASE_REPLICA_URL": "",
    "REDIS_URL": "",
    "STICKY": "off",
    "WORKER": os.environ.get("WORKER", "eventlet"),  # WORKER=gevent make test
    "HOST": "127.0.0.1",
    "ALLOWED_ORIGINS": "http://nowhere.invalid",
    "PROXY_HOPS": "0",
    "ROOM_GRACE": "600",
    "LEAVE_GRACE": "1",
    "KEEP_DAYS": "90",
    "MAX_MESSAGE_LENGTH": "1000",
    "LIMITS": "off",
    "PICTURES": "off",
    "WEBHOOKS": "any",
    "RELAY": "fast",
    "LOG_LEVEL": "INFO",
}
"""All settings, so that neither a developer's environment nor their .env changes a test."""

QUICK = 15
"""Seconds within which a start or a stop is done, or has failed."""


class Server:
    """`with Server(directory, LIMITS="on") as server: requests.get(server.url)`

    Keeps its database (unless DATABASE_URL names another) and its output in `directory`.
    At the end it must stop when asked, and must not have logged a traceback, unless
    `server.may_fail = True`. `serves`: what gunicorn is to serve; `has_tables`: whether its SQLite
    file has them before it starts.
    """

    host = "127.0.0.1"
    """Where it is reached."""

    def __init__(self, directory, serves="wsgi:app", has_tables=True, **settings):
        self.serves, self.has_tables = serves, has_tables
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://{self.host}:{self.port}"
        self.database_url = settings.get("DATABASE_URL", f"sqlite:///{self.directory}/parlor.db")
        self.settings = {
            **SETTINGS,
            "INSTANCE_DIR": str(self.directory),
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            **{name: str(value) for name, value in settings.items()},
        }
        self.process = None
        self.may_fail = False

    def __enter__(self):
        if self.has_tables:
            copy_sqlite(self.directory / "parlor.db")
        return self.start()

    def __exit__(self, *exception):
        if self.is_running():
            self.stop()
        if not any(exception) and not self.may_fail:
            assert "Traceback" not in self.log(), self.log()

    @property
    def environment(self):
        return {**os.environ, **self.settings}

    def start(self):
        """Start, and return when it answers."""
        self.launch()
        self.wait_until_up()
        return self

    def command(self, *arguments):
        worker = self.settings["WORKER"]
        return [sys.executable, "-m", "gunicorn", "-k", worker, *arguments, self.serves]

    def launch(self, *arguments):
        """Start without waiting for an answer."""
        command = self.command(*arguments)
        with self.log_path.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_up(self, path="/healthz"):
        deadline = time.monotonic() + QUICK * int(self.settings.get("WEB_CONCURRENCY", 1))
        while time.monotonic() < deadline:
            assert self.is_running(), f"the server ended by itself:\n{self.log()}"
            try:
                with urlopen(self.url + path, timeout=2):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the server did not answer:\n{self.log()}")

    def stop(self):
        """Ask it to stop (SIGTERM), as a deploy does; return the seconds that took."""
        asked = time.monotonic()
        self.process.terminate()
        try:
            status = self.process.wait(QUICK)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop:\n{self.log()}") from None
        assert status == 0, self.log()
        return time.monotonic() - asked

    def kill(self):
        """End the whole server at once (SIGKILL), as a crash or a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(QUICK)

    def kill_worker(self, worker=None):
        """End the process that serves, or that one of several, at once; gunicorn starts another."""
        if worker is None:
            (worker,) = self.workers()
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + QUICK
        while worker in self.workers():
            assert time.monotonic() < deadline, "gunicorn did not notice"
            time.sleep(0.02)

    def restart(self):
        """Stop if it runs, and start on the same port and database."""
        if self.is_running():
            self.stop()
        return self.start()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def workers(self):
        """The process ids of gunicorn's workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def flask(self, *arguments):
        """Run a command with this server's settings: `server.flask("db", "upgrade")`."""
        command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def log_path(self):
        return self.directory / "server.log"

    def log(self):
        """All it has said so far."""
        return self.log_path.read_text()


class DevServer(Server):
    """The server of `make dev`: threads, a reloader, no eventlet."""

    def command(self):
        return [sys.executable, "-m", "flask", "dev"]

    def stop(self):
        """The reloader and the process that serves, at once."""
        self.kill()
