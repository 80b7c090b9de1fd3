"""Logs on stdout, one line each. They hold ids and shapes, never what people wrote."""

import logging
import secrets
import sys
import time
import traceback

from flask import g, request

from parlor.outages import is_outage, name_of

log = logging.getLogger("parlor.request")


class Formatter(logging.Formatter):
    """Shows where an exception came from but not its text, which may quote what someone wrote."""

    def formatException(self, info):  # noqa: N802 - the base class's name
        kind, error, trail = info
        name = name_of(error)
        said = f"{kind.__name__} {name}" if name else kind.__name__
        if is_outage(error):  # there is nothing to mend where it came up
            return said
        frames = " < ".join(
            f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})"
            for frame in reversed(traceback.extract_tb(trail))
        )
        return f"{said} in {frames}"

    def format(self, record):
        return super().format(record).replace("\n", " ")


def configure(level):
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for quoting in ("engineio", "socketio", "werkzeug"):  # they quote what clients send
        logging.getLogger(quoting).setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def init_app(app):
    app.before_request(begin)
    app.after_request(end)


def begin():
    g.request_id = new_id()
    g.began = time.perf_counter()


def end(response):
    """One line a request. By its route: an address can hold a code or what someone searched."""
    milliseconds = (time.perf_counter() - g.began) * 1000
    route = request.url_rule.rule if request.url_rule else "-"
    log.info(
        "method=%s route=%s status=%d ms=%.1f request_id=%s",
        request.method, route, response.status_code, milliseconds, g.request_id,
    )  # fmt: skip
    response.headers["X-Request-ID"] = g.request_id
    return response


def new_id():
    return secrets.token_hex(8)
