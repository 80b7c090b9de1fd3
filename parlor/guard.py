"""What every answer carries, and what no request may do.

Every answer: pages, static files, Socket.IO's handshakes. A request that could change something, or
open a socket, is refused if a browser says that another site made it.
"""

import json
from urllib.parse import urlsplit

from flask import request

from parlor.errors import CrossSite

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SOCKET_PATHS = ("/socket.io", "/ws/")

EVERY_ANSWER = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def page_headers(script_sources, shows_pictures=False):
    """What a page carries besides: it may use this site alone, and nothing inline but by nonce.

    `shows_pictures`: people's, which are elsewhere.
    """
    policy = [
        "default-src 'none'",
        f"script-src {' '.join(script_sources)}",
        "style-src 'self'",
        f"img-src 'self' data:{' https:' if shows_pictures else ''}",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Frame-Options": "DENY",  # for browsers that know no frame-ancestors
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def init_app(app, settings):
    """Check Flask's requests inside Flask, where the answer is a page; the rest around it."""
    app.before_request(lambda: refuse_cross_site(settings.allowed_origins))
    app.wsgi_app = Guard(app.wsgi_app, settings.allowed_origins, settings.in_production)


def refuse_cross_site(allowed_origins):
    if request.method not in SAFE_METHODS and is_cross_site(request.environ, allowed_origins):
        raise CrossSite


class Guard:
    """WSGI middleware: headers on every answer, and no sockets for other sites.

    `allowed_origins`: other origins that may act on a visitor's behalf.
    """

    def __init__(self, app, allowed_origins, https_only):
        self.app = app
        self.allowed_origins = allowed_origins
        self.headers = dict(EVERY_ANSWER)
        if https_only:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            """Add what is not there already: pages and static files know better."""
            present = {name.lower() for name, _ in headers}
            added = [(k, v) for k, v in self.headers.items() if k.lower() not in present]
            return start_response(status, headers + added, exc_info)

        opens_socket = environ.get("PATH_INFO", "").startswith(SOCKET_PATHS)
        if opens_socket and is_cross_site(environ, self.allowed_origins):
            start("403 Forbidden", [("Content-Type", "application/json")])
            return [json.dumps(CrossSite().answer()).encode()]
        return self.app(environ, start)


def is_cross_site(environ, allowed_origins):
    """As browsers tell it: `Sec-Fetch-Site`, else `Origin` against `Host`.

    The order is that of Go's net/http.CrossOriginProtection. Programs send neither header; nobody
    can lead them to act with a visitor's cookie.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin in allowed_origins:
        return False
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site:
        return site not in ("same-origin", "none")
    return bool(origin) and urlsplit(origin).netloc != environ.get("HTTP_HOST")
