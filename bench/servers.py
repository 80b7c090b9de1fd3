"""Processes: started on one core, measured from outside, ended by their id."""

import os
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent
QUICK = 30
"""Seconds within which a server has started, or has ended."""

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]


@contextmanager
def pinned_to(*cores):
    """What this process starts meanwhile runs on those cores, and so does it itself."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """`with Server(peer, sizes) as server:` one of bench/peers.py that runs, on a core of its own.

    `server.people`: for rooms of these `sizes`. All files are in a directory that goes at the end.
    `before_start(server)`: what is to be done when the people are made. `cores`: it may run on.
    """

    def __init__(self, peer, sizes=(), before_start=lambda server: None, cores=(SERVER_CORE,)):
        self.peer, self.sizes, self.before_start = peer, sizes, before_start
        self.cores = cores
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="parlor-bench-")
        self.directory = Path(self.temporary.name)
        self.people = self.peer.prepare(self)
        self.before_start(self)
        with pinned_to(*self.cores), self.log_path.open("ab") as output:
            self.process = subprocess.Popen(
                self.peer.command(self),
                cwd=self.peer.cwd,
                env={**os.environ, **self.peer.environment(self)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait_until_up()
        return self

    def __exit__(self, *exception):
        try:
            stop(self.process)
        finally:
            self.temporary.cleanup()

    def wait_until_up(self):
        deadline = time.monotonic() + QUICK
        while not answers(self.url + self.peer.health):
            if self.process.poll() is not None or time.monotonic() > deadline:
                stop(self.process)
                raise RuntimeError(f"{self.peer.name} did not start:\n{self.log()}")
            time.sleep(0.05)

    @property
    def log_path(self):
        return self.directory / "server.log"

    def log(self):
        """The end of what it has said."""
        return self.log_path.read_text(errors="replace")[-3000:]

    def worker(self):
        """The process that serves: the only child, or the process itself."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else pid

    def cpu(self):
        """Seconds of CPU that the worker has used, in user and system mode."""
        return cpu_of(self.worker())

    def memory(self):
        """Bytes of the worker that are resident."""
        pages = Path(f"/proc/{self.worker()}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def cpu_of(pid):
    """Seconds of CPU that a process has used, in user and system mode."""
    return time.clock_gettime((~pid << 3) | 2)  # as clock_getcpuclockid(3) makes clocks


def stop(process):
    """Ask it to end, and make it where it does not."""
    process.terminate()
    try:
        process.wait(QUICK)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers(url):
    try:
        with urlopen(url, timeout=5):
            return True
    except (URLError, OSError):
        return False


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
