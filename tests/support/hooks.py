"""A webhook: a small server that notes what it gets, and answers as it is told."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SOON = 10


class Hook(ThreadingHTTPServer):
    """`hook.answers.append((500, "text/plain", b"no"))`; without any it is (204, None, b"")."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        self.calls, self.answers = [], []
        self.news = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_port}/hook?for=bot"

    def note(self, call):
        with self.news:
            self.calls.append(call)
            self.news.notify_all()
            return self.answers.pop(0) if self.answers else (204, None, b"")

    def wait_for(self, count, timeout=SOON):
        """The first `count` calls, come already or still to come."""
        with self.news:
            came = self.news.wait_for(lambda: len(self.calls) >= count, timeout)
            assert came, f"{len(self.calls)} of {count} calls came"
            return self.calls[:count]

    def texts(self):
        return [call.json["message"]["message"] for call in self.calls]


class Call:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.json = json.loads(body)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.note(Call(self.path, self.headers, body))
        if callable(answer):
            return answer(self)
        status, kind, content = answer
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if status in (301, 302, 307, 308):
            self.send_header("Location", self.server.url)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Nothing."""


@contextmanager
def listening():
    hook = Hook()
    thread = threading.Thread(target=hook.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        hook.shutdown()
        hook.server_close()
        thread.join()
