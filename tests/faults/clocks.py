"""Parlor on a machine whose clock is wrong by CLOCK_OFFSET seconds; intervals are as they are.

gunicorn serves this in place of wsgi.py: `Server(..., serves="tests.faults.clocks:app")`.
"""

import datetime
import os
import time

OFFSET = float(os.environ["CLOCK_OFFSET"])

right, right_time = datetime.datetime, time.time


class Wrong(right):
    @classmethod
    def now(cls, tz=None):
        return right.now(tz) + datetime.timedelta(seconds=OFFSET)


datetime.datetime = Wrong
time.time = lambda: right_time() + OFFSET

from wsgi import app  # noqa: E402, F401
