"""What gunicorn serves: the app under eventlet. Nothing may be imported before the patching."""

import eventlet

eventlet.monkey_patch()

from eventlet import tpool  # noqa: E402

from app import create_app  # noqa: E402
from parlor import housekeeping, wire  # noqa: E402

app = create_app(async_mode="eventlet", wire=wire, elsewhere=tpool.execute)
housekeeping.start(app)
