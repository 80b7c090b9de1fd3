"""A Redis server of the tests' own, at 127.0.0.1, that keeps nothing on the disk."""

import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import redis

from tests.support import free_port

SOON = 15
"""Seconds within which it is up, or down."""


def find_redis():
    return shutil.which("redis-server")


def with_tls(directory, port):
    """Returns options for TLS at another port, and the path of a certificate to be trusted."""
    public, key = str(directory / "redis.pem"), str(directory / "redis.key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-batch", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", public]
    subprocess.run(command, check=True, capture_output=True)
    options = ["--tls-port", str(port), "--tls-cert-file", public, "--tls-key-file", key]
    return [*options, "--tls-auth-clients", "no"], public


class Redis:
    """`with Redis() as server: server.url`

    `options`: more for its command line. `stop` and `start` are a restart that forgets everything.
    """

    def __init__(self, *options):
        self.options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start, at the same port each time and with nothing in it; return when it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", *self.options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + SOON
        while not self.answers():
            assert self.process.poll() is None, "Redis ended by itself"
            assert time.monotonic() < deadline, "Redis did not answer"
            time.sleep(0.02)
        return self

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return bool(line.recv(1))  # or that it wants a password
        except OSError:
            return False

    def stop(self):
        """End it at once, as in a crash."""
        if self.process:
            self.process.kill()
            self.process.wait(SOON)
            self.process = None

    def restart(self):
        self.stop()
        self.start()

    @contextmanager
    def frozen(self):
        """Meanwhile it does nothing, as on a machine that hangs."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @contextmanager
    def client(self, **options):
        """A plain client of it, as somebody beside Parlor has."""
        with redis.Redis.from_url(self.url, socket_timeout=SOON, **options) as client:
            yield client

    def flush(self):
        with self.client() as client:
            client.flushall()
