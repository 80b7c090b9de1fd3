"""A server that remembers what it was asked, in place of Parlor behind a proxy."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support import free_port


class Upstream:
    """`with Upstream() as upstream: …; upstream.asked[-1].headers`

    Each request's `command`, `path`, `headers` and `body` are kept in `asked`. `status`: of its
    answers. `is_mute`: it closes the line instead.
    """

    def __init__(self, status=200, is_mute=False):
        self.port = free_port()
        self.asked, self.status, self.is_mute = [], status, is_mute
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                upstream.take(self)

            do_GET = do_POST = do_PATCH = answer  # noqa: N815 - http.server's names

            def log_message(self, *_):
                """Not to the tests' output."""

        self.http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)

    def take(self, request):
        request.body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.asked.append(request)
        if self.is_mute:
            request.close_connection = True
            return
        request.send_response(self.status)
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"ok")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()
