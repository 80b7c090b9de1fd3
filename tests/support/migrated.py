"""Databases that have their tables already: migrated once, then copied."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.support import ROOT


def upgrade(url):
    """Bring a database up to date, as a deploy does."""
    settings = {
        "PARLOR_ENV": "development",
        "SECRET_KEY": "a key that only the tests sign with",
        "DATABASE_URL": url,
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@cache
def sqlite_file():
    directory = Path(tempfile.mkdtemp(prefix="parlor-tables-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    upgrade(f"sqlite:///{directory}/parlor.db")
    return directory / "parlor.db"


def copy_sqlite(path):
    """Make an SQLite file with tables, unless there is a file."""
    if not path.exists():
        shutil.copyfile(sqlite_file(), path)
