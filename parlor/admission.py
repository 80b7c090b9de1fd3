"""What is let in, and what is still inside: asked when the process is to stop."""

from parlor.errors import Retry

is_closed = False
most = None
under_way = set()
"""Requests, long polls and programs' WebSockets among them. Other WebSockets are none, but under
RELAY=plain."""


def configure(at_once):
    """Begin anew. `at_once`: requests that may be under way for something new that lasts to begin;
    None for as many as come."""
    global is_closed, most
    is_closed, most = False, at_once


def close():
    """From now on nothing new may begin here."""
    global is_closed
    is_closed = True


def check():
    """Raise Retry where nothing new may begin: another process will be there in a moment."""
    if is_closed:
        raise Retry


def has_room():
    """Whether something that lasts may begin: a connection, of whatever kind."""
    return not is_closed and (most is None or len(under_way) <= most)


class Counted:
    """WSGI middleware: notes the requests that are under way."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        request = object()
        under_way.add(request)
        try:
            return self.app(environ, start_response)
        finally:
            under_way.discard(request)
