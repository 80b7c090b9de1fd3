"""Static files: read once at the start, compressed once, and served under hashed names.

What is in such a name changes with the content, so a browser keeps what it has for good.
"""

import base64
import gzip
import hashlib
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import brotli
from flask import Response, abort, current_app, g, request

from parlor import pictures
from parlor.guard import page_headers

PATTERNS = ("*.svg", "css/*.css", "js/*.js", "vendor/*.js")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

SHEETS = {
    "home": ["page", "form", "face", "home"],
    "history": ["page", "form", "history"],
    "error": ["page", "error"],
    "account": ["page", "form", "face", "account"],
    "room": ["room", "message", "menu", "composer", "face", "people"],
    "talks": ["room", "message", "menu", "composer", "face", "people", "conversations", "beside"],
    "conversations": ["page", "face", "conversations", "lobby"],
    "new": ["page", "form", "settings"],
    "settings": ["page", "form", "face", "settings"],
}
"""The style sheet of each page: one, so that a page can be read one round trip after its HTML."""

EVERY_SHEET = ["tokens", "base", "button"]
"""What each begins with."""

SOCKET_IO = "vendor/socket.io.esm.min.js"
SOCKET_IO_CDN = "https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.esm.min.js"
SOCKET_IO_HASH = "sha384-834VzTcRncaUC59tAyCD5pGCYi2irsZ3S07X7ieWfWcwnEcZ5bSFjFLIGSVY8oTF"
"""Of the same file, from the CDN or from npm. A test compares."""

FOR_GOOD = "public, max-age=31536000, immutable"
HASH = re.compile(r"\.[0-9a-f]{12}(?=\.\w+$)")

CODINGS = {
    "br": lambda content: brotli.compress(content, mode=brotli.MODE_TEXT, quality=11),
    "gzip": lambda content: gzip.compress(content, 9, mtime=0),
}
"""How a file can be compressed, the tightest first. Browsers take "br" over https alone."""


class Asset(NamedTuple):
    """A file as it is served, at `address`."""

    address: str
    mimetype: str
    content: bytes


def init_app(app):
    app.extensions["assets"] = read_all(app)
    app.jinja_env.globals.update(asset=asset, import_map=import_map, csp_nonce=csp_nonce)
    app.add_url_rule("/static/<path:name>", "static", serve)
    app.after_request(guard_page)


def read_all(app):
    """{name: Asset} of what pages may name: files of `static/`, and `page/<page>.css`."""
    folder = Path(app.root_path, "static")
    files = [path for pattern in PATTERNS for path in folder.glob(pattern)]
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    for page, parts in SHEETS.items():
        styles = [contents[f"css/{part}.css"] for part in EVERY_SHEET + parts]
        contents[f"page/{page}.css"] = b"".join(styles)
    return {name: make(name, content) for name, content in contents.items()}


def make(name, content):
    stem, dot, suffix = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"/static/{stem}.{digest}.{suffix}", TYPES[dot + suffix], content)


def all_assets():
    return current_app.extensions["assets"]


def asset(name):
    """The address of `static/<name>`, or of a page's style sheet `page/<page>.css`."""
    return all_assets()[name].address


def serve(name):
    """A file, for good under its own address; under an older one as it is now, for this once."""
    found = all_assets().get(HASH.sub("", name)) or abort(404)
    coding = request.accept_encodings.best_match(CODINGS)
    response = Response(compressed(found.content, coding), mimetype=found.mimetype)
    response.vary.add("Accept-Encoding")
    if coding:
        response.content_encoding = coding
    if request.path == found.address:
        response.headers["Cache-Control"] = FOR_GOOD
    return response


@lru_cache(maxsize=256)
def compressed(content, coding):
    """Slow, but done once for each file."""
    return CODINGS[coding](content) if coding else content


def import_map():
    """Where the browser finds `parlor/<name>`, each file of `static/js`, and `socket.io-client`."""
    modules = [name for name in all_assets() if name.startswith("js/")]
    imports = {f"parlor/{Path(name).stem}": asset(name) for name in sorted(modules)}
    if has_socket_io():
        return {"imports": {**imports, "socket.io-client": asset(SOCKET_IO)}}
    return {
        "imports": {**imports, "socket.io-client": SOCKET_IO_CDN},
        "integrity": {SOCKET_IO_CDN: SOCKET_IO_HASH},
    }


def has_socket_io():
    """False where only the requirements were installed: then the page takes it from the CDN."""
    return SOCKET_IO in all_assets()


def csp_nonce():
    """What marks this answer's import map as ours."""
    if "csp_nonce" not in g:
        g.csp_nonce = base64.b64encode(secrets.token_bytes(16)).decode()
    return g.csp_nonce


def guard_page(response):
    """A page is what has asked for a nonce: it may use our scripts, and what has the nonce."""
    if "csp_nonce" in g:
        sources = ["'self'", f"'nonce-{g.csp_nonce}'"]
        if not has_socket_io():
            sources.append(SOCKET_IO_CDN)
        response.headers.update(page_headers(sources, pictures.are_allowed))
    return response
