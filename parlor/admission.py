"""What is let in, and what is still inside: asked when the process is to stop."""

from parlor.errors import Retry

is_closed = False
under_way = 0
"""Requests, long polls and programs' WebSockets among them. Other WebSockets are none, but under
RELAY=plain."""


def close():
    """From now on nothing new may begin here."""
    global is_closed
    is_closed = True


def check():
    """Raise Retry where nothing new may begin: another process will be there in a moment."""
    if is_closed:
        raise Retry


class Counted:
    """WSGI middleware: counts the requests that are under way."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        global under_way
        under_way += 1
        try:
            return self.app(environ, start_response)
        finally:
            under_way -= 1
