"""Whether anything new may begin here: not once the process has been asked to stop."""

from parlor.errors import Retry

is_closed = False


def close():
    global is_closed
    is_closed = True


def check():
    """Raise Retry where nothing new may begin: another process will be there in a moment."""
    if is_closed:
        raise Retry
