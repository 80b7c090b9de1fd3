"""How a failure is answered over HTTP: one place, in the site's dress or as JSON."""

import logging

from flask import g, has_app_context, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from parlor.errors import (
    ChatError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Retry,
    ServerError,
    TooLarge,
)
from parlor.logs import new_id
from parlor.outages import is_outage

KNOWN = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}

log = logging.getLogger(__name__)


def init_app(app):
    app.register_error_handler(ChatError, answer)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, lambda error: answer(as_server_error(error)))


def answer_http(error):
    """Flask's own failures. `Allow` is all that their headers say that ours do not."""
    body, status, headers = answer(as_chat_error(error))
    allowed = getattr(error, "valid_methods", None)
    return body, status, {**headers, "Allow": ", ".join(sorted(allowed))} if allowed else headers


def as_chat_error(error):
    return KNOWN.get(error.code, Invalid)()


def as_server_error(error):
    """Log what broke, under an id that the answer shows. For sockets too.

    A database that does not answer is no bug: then the answer is to try again.
    """
    id = (has_app_context() and g.get("request_id")) or new_id()
    log.error("server error request_id=%s", id, exc_info=error)
    return Retry() if is_outage(error) else ServerError(id=id)


def answer(error, typed=None):
    """The response to a ChatError. `typed`: what the page gives back, so that it is not lost."""
    shape = error.answer()
    if request.path.startswith("/api/"):
        response = jsonify(shape)
    else:
        facts = {"status": error.status, **shape["error"]}
        response = render_template("error.html", error=facts, typed=typed)
    return response, error.status, headers(error)


def headers(error):
    seconds = error.details.get("retry_after")
    found = {"Retry-After": str(seconds)} if seconds else {}
    return {**found, "WWW-Authenticate": "Bearer"} if error.status == 401 else found
