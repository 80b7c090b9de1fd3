"""Static files: under their own address for good, compressed once; one style sheet a page."""

import gzip
import re

import brotli
import pytest

from parlor import assets
from tests.support import ROOT

DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.fixture
def database_url(tmp_path):
    """One kind will do: static files are in none."""
    return f"sqlite:///{tmp_path / 'parlor.db'}"


@pytest.fixture
def address_of(app):
    """`address_of("js/room.js")`"""
    return lambda name: app.extensions["assets"][name].address


@pytest.fixture
def fetch(client):
    def fetch(address, coding="gzip, deflate, br"):
        return client.get(address, headers={"Accept-Encoding": coding})

    return fetch


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip, br;q=0", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_comes_as_tight_as_the_browser_takes_it(fetch, address_of, accepted, coding):
    answer = fetch(address_of("js/room.js"), accepted)
    assert answer.headers.get("Content-Encoding") == coding
    assert DECODERS[coding](answer.data) == (ROOT / "static/js/room.js").read_bytes()
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == assets.FOR_GOOD


def test_an_address_changes_with_the_content():
    one, same, other = (assets.make("js/a.js", content) for content in (b"1", b"1", b"2"))
    assert one.address == same.address != other.address
    assert re.fullmatch(r"/static/js/a\.[0-9a-f]{12}\.js", one.address)


@pytest.mark.parametrize("name", ["js/room.000000000000.js", "js/room.js"])
def test_what_another_address_brings_is_not_kept(fetch, name):
    """A page from before a deploy still works, and no cache holds the wrong file for a year."""
    answer = fetch(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["vendor/package.json", "js/nowhere.js", "../app.py", "js/", ""])
def test_nothing_else_is_served(fetch, name):
    assert fetch(f"/static/{name}").status_code == 404


def test_a_file_is_compressed_once(fetch, address_of, monkeypatch):
    done = []
    monkeypatch.setitem(assets.CODINGS, "br", lambda content: done.append(1) or b"tight")
    assets.compressed.cache_clear()
    assert [fetch(address_of("favicon.svg")).data for _ in range(3)] == [b"tight"] * 3
    assets.compressed.cache_clear()
    assert done == [1]


def test_every_style_is_on_some_page():
    used = {part for parts in [assets.EVERY_SHEET, *assets.SHEETS.values()] for part in parts}
    assert {path.stem for path in ROOT.glob("static/css/*.css")} == used


@pytest.mark.parametrize("path", ["/", "/history", "/nowhere", "/room"])
def test_a_page_waits_for_one_style_sheet_and_nothing_else(client, path):
    client.post("/", data={"name": "Alice", "create": "1"})
    page = client.get(path, follow_redirects=True).text
    [sheet] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert "@import" not in client.get(sheet).text
    blocking = [tag for tag in re.findall("<script[^>]*src=[^>]*>", page) if "module" not in tag]
    assert not blocking
