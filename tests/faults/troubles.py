"""What can befall a database."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(path):
    """Meanwhile another process holds the lock of the SQLite file."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


class Disk:
    """A small disk in the memory, mounted at `path`."""

    def __init__(self, path, megabytes):
        self.path = path
        self.size = f"size={megabytes}m"

    def __enter__(self):
        self.path.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", self.size, "tmpfs", str(self.path)]
        if subprocess.run(mount, capture_output=True).returncode:
            self.path.rmdir()
            pytest.skip("only root may mount a small disk, and not in every container")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def fill(self):
        """Until not a byte more can be written."""
        with open(self.path / "ballast", "wb", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12, 1):
                self.write_all(ballast, size)

    def write_all(self, ballast, size):
        try:
            while ballast.write(bytes(size)):
                pass
        except OSError:
            os.fsync(ballast.fileno())

    def free(self):
        (self.path / "ballast").unlink()
