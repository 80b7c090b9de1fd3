"""gunicorn's workers, and the event loops that they bring."""

import os

from dotenv import dotenv_values


def named():
    """The setting WORKER, as settings.py reads it, without what that imports.

    eventlet can patch the standard library only before pydantic is there.
    """
    return os.environ.get("WORKER") or dotenv_values(".env").get("WORKER") or "eventlet"


def patched():
    """Patch the standard library for the worker that is set. To be called before anything else.

    Returns the module of the worker's event loop; None where there are threads instead.
    """
    loop = loop_of(named())
    if loop:
        loop.patch()
    return loop


def loop_of(worker):
    if worker == "gthread":
        return None
    if worker == "gevent":
        from parlor import loop_gevent as loop
    else:
        from parlor import loop_eventlet as loop
    return loop
