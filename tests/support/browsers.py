"""Chromium, and what must be true of every page: no errors, no other hosts."""

import re
import shutil
from urllib.parse import urlsplit

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SOON = 5_000
"""Milliseconds that a page may take for anything."""


def find_chromium():
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Pages:
    """`page_for("Alice", server)`: a page in a browser of her own; see `conftest.page_for`.

    What went wrong on any of them is gathered in `problems`; `allow` takes a regular expression
    for what a test brings about on purpose.
    """

    def __init__(self, browser):
        self.browser = browser
        self.contexts = []
        self.problems = []
        self.allowed = []

    def __call__(self, name, server=None, **options):
        if server is not None:
            options.setdefault("base_url", server.url)
        context = self.browser.new_context(**options)
        context.set_default_timeout(SOON)
        self.contexts.append(context)
        context.on("request", lambda request: self.check_host(name, request.url))
        context.on("console", lambda message: self.check_console(name, message))
        context.on("weberror", lambda error: self.note(name, f"error: {error.error}"))
        return context.new_page()

    def check_host(self, name, url):
        address = urlsplit(url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self.note(name, f"request to another host: {url}")

    def check_console(self, name, message):
        if message.type in ("error", "warning"):
            self.note(name, f"console {message.type}: {message.text} {message.location['url']}")

    def note(self, name, problem):
        self.problems.append(f"{name}: {problem}")

    def allow(self, pattern):
        self.allowed.append(re.compile(pattern))

    def close(self):
        for context in self.contexts:
            context.close()

    def unexpected(self):
        return [p for p in self.problems if not any(a.search(p) for a in self.allowed)]
