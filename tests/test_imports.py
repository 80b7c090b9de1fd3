"""The shape of the house: imports point one way, and some words have only one place."""

import ast
import re

import pytest

from tests.support import ROOT

LAYERS = [
    "wsgi",
    "app",
    "account_pages conversation_pages pages events ws cli "  # the doors
    "api_auth api_bots api_me api_members api_messages api_rooms",
    "assets failures housekeeping openapi presentation",  # around them
    "programs",
    "bots",
    "webhooks",
    "hosting identity talks",  # the verbs: of rooms' owners, accounts and conversations,
    "chat drain entrance revisions",  # of rooms, and of what is said
    "leaving",
    "erasure neighbours recheck renames",
    "inquiry",
    "heartbeat memberships overview presence writer",
    "accounts leases messages readmarks schemas_bots schemas_me schemas_rooms",
    "schemas",
    "claimed copying logins",
    "standby store",
    "store_sql transactions relay",
    "payloads models",
    "audiences glimpses limits",
    "fanout peers reaper register rooms",
    "live_room replica",
    "listener plain wire",
    "connection dialect",
    "mentions",
    "addresses codes devices faces guard logs names numbers passwords pictures profile "
    "sessions text times tokens transport",
    "budget bus frames handshake outbox",
    "admission bus_follower bus_sender characters",
    "bus_connection outages patience",
    "errors settings whereabouts workers",
    "loop_eventlet loop_gevent",
]
"""A module may import those of the lines below its own, and none beside it."""

HEIGHT = {module: height for height, line in enumerate(reversed(LAYERS)) for module in line.split()}
FILES = {
    path.stem: path
    for path in [*ROOT.glob("*.py"), *ROOT.glob("parlor/*.py")]
    if path.name not in ("gunicorn.conf.py", "__init__.py")
}


@pytest.mark.parametrize("module", sorted(FILES))
def test_imports_point_down(module):
    assert module in HEIGHT, f"{FILES[module]} needs a place in LAYERS"
    upward = {other for other in imported_by(module) if HEIGHT[other] >= HEIGHT[module]}
    assert not upward, f"{module} must not import {upward}"


def test_every_place_is_taken():
    assert not HEIGHT.keys() - FILES.keys()


def test_the_list_of_the_house_has_each_module_in_its_place():
    house = (ROOT / "docs" / "architecture.md").read_text().split("```")[1]
    listed = re.findall(r"^ *(\w+)\.py +\S", house, re.MULTILINE)
    assert sorted(listed) == sorted(HEIGHT)
    assert listed == sorted(listed, key=HEIGHT.get, reverse=True)


def test_an_arrow_that_points_back_is_seen():
    for source in (
        "import wsgi",
        "from app import create_app",
        "from parlor import chat",
        "from parlor.chat import join",
        "import parlor.chat",
        "def late():\n    from . import chat",
        "from .chat import join",
    ):
        assert imports_in(source) & {"wsgi", "app", "chat"}, source


@pytest.mark.parametrize("module", sorted(FILES.keys() - {"settings", "workers"}))
def test_only_settings_reads_the_environment(module):
    assert not re.search(r"\bos\.(environ|getenv)\b", FILES[module].read_text())
    assert not re.search(r"from os import .*\b(environ|getenv)\b", FILES[module].read_text())


@pytest.mark.parametrize(
    "module", sorted(FILES.keys() - {"settings", "workers", "loop_eventlet", "loop_gevent"})
)
def test_only_the_ends_know_the_worker(module):
    assert not re.search("eventlet|gevent|gthread", FILES[module].read_text())


def test_the_browser_never_reads_text_as_html():
    scripts = list(ROOT.glob("static/js/**/*.js"))
    assert scripts
    for script in scripts:
        found = re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script.read_text()
        )
        assert not found, f"{found[0]} in {script}"


def imported_by(module):
    return imports_in(FILES[module].read_text()) & HEIGHT.keys()


def imports_in(source):
    """The modules of this project that are imported anywhere in `source`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {own_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = "parlor" if node.level else ""
            package = ".".join(part for part in (start, node.module) if part)
            if package == "parlor":
                found |= {alias.name for alias in node.names}
            else:
                found.add(own_module(package))
    return found


def own_module(name):
    """`chat` for `parlor.chat`; None for other people's modules, `limits` included."""
    if name.startswith("parlor."):
        return name.split(".")[1]
    return name if name in ("app", "models", "wsgi") else None
