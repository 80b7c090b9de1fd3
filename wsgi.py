"""What gunicorn serves: the app under the worker that WORKER names."""

from parlor.workers import patched

loop = patched()  # before anything else is there

from app import create_app  # noqa: E402
from parlor import housekeeping  # noqa: E402

app = create_app(loop=loop)
housekeeping.start(app)
