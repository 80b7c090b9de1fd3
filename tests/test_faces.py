"""What stands for a face is the same in Python and in the browser."""

import json

import pytest

from parlor import faces
from tests.support import ROOT

CASES = json.loads((ROOT / "tests/faces.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_name_has_initials_and_a_hue(case):
    assert faces.initials(case["name"]) == case["initials"]
    assert faces.hue(case["name"]) == case["hue"]


def test_the_browser_finds_the_same(run):
    lines = f"""
      const {{ hue, initials }} = await import("parlor/draw");
      const names = {json.dumps([case["name"] for case in CASES])};
      return names.map((name) => ({{ name, initials: initials(name), hue: hue(name) }}));
    """
    assert run("", lines) == CASES
