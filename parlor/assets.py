"""Static files under addresses that change with their content, so browsers keep them for good."""

import base64
import hashlib
import secrets
from pathlib import Path

from flask import current_app, g, request, url_for

from parlor.guard import page_headers

SOCKET_IO = "vendor/socket.io.esm.min.js"
SOCKET_IO_CDN = "https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.esm.min.js"
SOCKET_IO_HASH = "sha384-834VzTcRncaUC59tAyCD5pGCYi2irsZ3S07X7ieWfWcwnEcZ5bSFjFLIGSVY8oTF"
"""Of the same file, from the CDN or from npm. A test compares."""

A_YEAR = 365 * 24 * 60 * 60


def init_app(app):
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_YEAR
    app.jinja_env.globals.update(asset=asset, import_map=import_map, csp_nonce=csp_nonce)
    app.after_request(guard_page)
    app.after_request(lighten)
    app.extensions["asset_hashes"] = {}


def asset(name):
    """The address of `static/<name>`, with its hash."""
    return url_for("static", filename=name, v=content_hash(name))


def content_hash(name):
    path = Path(current_app.static_folder, name)
    hashes = current_app.extensions["asset_hashes"]
    stamp = path.stat().st_mtime_ns
    if name not in hashes or hashes[name][0] != stamp:
        hashes[name] = stamp, hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return hashes[name][1]


def import_map():
    """The import map of this answer's page, made once for it."""
    if "import_map" not in g:
        g.import_map = make_import_map()
    return g.import_map


def make_import_map():
    """Where the browser finds `parlor/<name>`, each file of `static/js`, and `socket.io-client`."""
    modules = sorted(Path(current_app.static_folder, "js").glob("*.js"))
    imports = {f"parlor/{path.stem}": asset(f"js/{path.name}") for path in modules}
    if has_socket_io():
        return {"imports": {**imports, "socket.io-client": asset(SOCKET_IO)}}
    return {
        "imports": {**imports, "socket.io-client": SOCKET_IO_CDN},
        "integrity": {SOCKET_IO_CDN: SOCKET_IO_HASH},
    }


def has_socket_io():
    """False where only the requirements were installed: then the page takes it from the CDN."""
    return Path(current_app.static_folder, SOCKET_IO).exists()


def csp_nonce():
    """What marks this answer's import map as ours."""
    if "csp_nonce" not in g:
        g.csp_nonce = base64.b64encode(secrets.token_bytes(16)).decode()
    return g.csp_nonce


def lighten(response):
    """What never changes under its address needs no words about when it did."""
    if request.endpoint == "static":
        for name in ("Content-Disposition", "Expires", "Last-Modified"):
            response.headers.pop(name, None)
    return response


def guard_page(response):
    """A page is what has asked for a nonce: it may use our scripts, and what has the nonce."""
    if "csp_nonce" in g:
        sources = ["'self'", f"'nonce-{g.csp_nonce}'"]
        if not has_socket_io():
            sources.append(SOCKET_IO_CDN)
        response.headers.update(page_headers(sources))
    return response
