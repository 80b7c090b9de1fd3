"""A real nginx with the files of deploy/, in front of servers at 127.0.0.1."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.support import ROOT, free_port

QUICK = 10
"""Seconds within which it listens, or has failed."""

SHARED = ["nginx-http.conf", "nginx-site.conf"]


def find_nginx():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class Nginx:
    """`with Nginx(binary, [server.port for server in servers]) as nginx: get(nginx.url)`

    With the file `configuration` of deploy/, at other places: `places()` are put in their place.
    """

    configuration = "nginx.conf"
    host = "127.0.0.1"

    def __init__(self, binary, ports):
        self.binary = binary
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Not under pytest's tmp_path: that is root's alone, and nginx is somebody else.
        self.home = Path(tempfile.mkdtemp(prefix="parlor-nginx-"))
        self.as_user = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
        self.process = None
        self.write(ports)

    def write(self, ports):
        text = at_ports((ROOT / "deploy" / self.configuration).read_text(), ports)
        for old, new in self.places():
            assert old in text, f"{self.configuration} has no {old!r}"
            text = text.replace(old, new)
        (self.home / "nginx.conf").write_text(text)
        for name in SHARED:
            shutil.copy(ROOT / "deploy" / name, self.home)
        for path in [self.home, *self.home.iterdir()]:
            if self.as_user:
                shutil.chown(path, "nobody")

    def places(self):
        return [("listen 8080", f"listen 127.0.0.1:{self.port}"), ("/tmp/", f"{self.home}/")]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home)

    def start(self):
        """Start, and return when it listens."""
        self.process = self.launch("-g", "daemon off;")
        self.wait_until_up()

    def launch(self, *arguments):
        command = [self.binary, "-e", "stderr", "-p", self.home, "-c", "nginx.conf", *arguments]
        with self.log_path.open("ab") as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            if self.as_user:
                shutil.chown(self.log_path, "nobody")
            return subprocess.Popen(command, cwd=self.home, **streams, **self.as_user)

    def wait_until_up(self):
        deadline = time.monotonic() + QUICK
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"nginx does not listen:\n{self.log()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(QUICK)

    def complaints(self):
        """What `nginx -t` has against its files, line by line."""
        failed = self.launch("-t").wait(QUICK)
        lines = self.log().splitlines()
        return [line for line in lines if failed or "[warn]" in line]

    @property
    def log_path(self):
        return self.home / "nginx.log"

    def log(self):
        return self.log_path.read_text()


class TlsNginx(Nginx):
    """The one with TLS, at `url`, and what leads there, at `plain_url`.

    `certificate`: the file with its certificate, of localhost, which it has made itself.
    """

    configuration = "nginx-tls.conf"

    def __init__(self, binary, ports):
        self.plain_port = free_port()
        self.plain_url = f"http://127.0.0.1:{self.plain_port}"
        super().__init__(binary, ports)
        self.url = f"https://localhost:{self.port}"

    def write(self, ports):
        self.certificate, self.key = self.home / "certificate.pem", self.home / "key.pem"
        subprocess.run(
            f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -batch "
            f"-out {self.certificate} -keyout {self.key} "
            f"-subj /CN=localhost -addext subjectAltName=DNS:localhost".split(),
            check=True,
            capture_output=True,
        )
        super().write(ports)

    def places(self):
        beyond = (ROOT / "deploy/nginx.conf").read_text()
        paths = re.findall(r"^ +\w+_temp_path /tmp/.+\n", beyond, re.MULTILINE)
        sixth = "listen" if has_ipv6() else "# listen"
        return [
            ("user www-data;\n", ""),
            ("http {\n", "http {\n" + "".join(paths).replace("/tmp/", f"{self.home}/")),
            ("/run/nginx.pid", f"{self.home}/nginx.pid"),
            ("/var/log/nginx/error.log", "stderr"),
            ("/var/log/nginx/access.log", "/dev/stdout"),
            ("/var/www/html", str(self.home)),
            ("/etc/letsencrypt/live/chat.example.org/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/chat.example.org/privkey.pem", str(self.key)),
            ("chat.example.org", "localhost"),
            ("listen [::]:80 ", f"{sixth} [::1]:{self.plain_port} "),
            ("listen [::]:443 ", f"{sixth} [::1]:{self.port} "),
            ("listen 80 ", f"listen 127.0.0.1:{self.plain_port} "),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
        ]


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def at_ports(text, ports):
    """The configuration with servers at these ports in place of its own, with their parameters."""
    lines = re.findall(r"^ +server \S+:\d+( .+;)\n", text, re.MULTILINE)
    assert len(set(lines)) == 1, "all servers are alike"
    servers = "".join(f"        server 127.0.0.1:{port}{lines[0]}\n" for port in ports)
    return re.sub(r"(?:^ +server \S+:\d+ .+;\n)+", servers, text, count=1, flags=re.MULTILINE)
