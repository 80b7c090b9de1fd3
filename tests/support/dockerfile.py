"""deploy/Dockerfile followed without a container: each stage becomes a directory.

What needs another machine's root (users, Debian's packages) is left out; everything else is done.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

SYSTEM = ("useradd", "apt-get")
"""Commands that are for the container alone."""


def instructions(path):
    """(name, the rest) of each instruction, in order."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / path).read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


class Context:
    """What of the project the build may see: all that a `.dockerignore` leaves."""

    def __init__(self, ignore):
        lines = (ROOT / ignore).read_text().splitlines()
        self.rules = [line.strip() for line in lines if line.strip() and line[0] != "#"]

    def sees(self, path):
        """Whether the last rule that matches `path`, or what it is in, lets it through."""
        seen = True
        for rule in self.rules:
            if any(matches(place, rule.lstrip("!")) for place in [path, *path.parents]):
                seen = rule.startswith("!")
        return seen

    def files(self):
        """All of them, as paths from the project's root."""
        everything = (path.relative_to(ROOT) for top in self.tops() for path in walk(top))
        return sorted(path for path in everything if self.sees(path))

    def tops(self):
        return [path for path in ROOT.iterdir() if self.sees(path.relative_to(ROOT))]


def matches(path, rule):
    if rule.startswith("**/"):
        return any(fnmatch.fnmatch(part, rule[3:]) for part in path.parts)
    parts = rule.split("/")
    pairs = zip(path.parts, parts, strict=False)
    return len(path.parts) == len(parts) and all(fnmatch.fnmatch(*pair) for pair in pairs)


def walk(top):
    return [path for path in top.rglob("*") if path.is_file()] if top.is_dir() else [top]


class Image:
    """What a Dockerfile makes: `root` is its file system, `facts` its ENV, CMD, USER …"""

    def __init__(self, dockerfile, home):
        self.context = Context(f"{dockerfile}.dockerignore")
        self.home, self.stages, self.facts = Path(home), {}, {}
        self.python = self.home / "bin"
        self.python.mkdir(parents=True)
        (self.python / "python").symlink_to(sys._base_executable)
        for name, rest in instructions(dockerfile):
            getattr(self, f"do_{name.lower()}", self.note)(rest)

    def note(self, rest):
        """EXPOSE and the like: nothing to do."""

    def do_from(self, rest):
        name = rest.split(" AS ")[-1] if " AS " in rest else "image"
        self.root = self.stages[name] = self.home / name
        self.root.mkdir()
        self.directory, self.facts = self.root, {"ENV": {}}

    def do_workdir(self, path):
        self.directory = self.inside(path)
        self.directory.mkdir(parents=True, exist_ok=True)

    def do_env(self, rest):
        pairs = [pair.partition("=") for pair in shlex.split(rest)]
        self.facts["ENV"] |= {name: value for name, _, value in pairs}

    def do_user(self, rest):
        self.facts["USER"] = rest

    def do_cmd(self, rest):
        self.facts["CMD"] = json.loads(rest)

    def do_healthcheck(self, rest):
        self.facts["HEALTHCHECK"] = json.loads(rest.partition("CMD ")[2])

    def do_copy(self, rest):
        words = rest.split()
        place = words.pop(0).removeprefix("--from=") if words[0].startswith("--") else None
        *sources, target = words
        target = self.inside(target) / "" if target[0] == "/" else self.directory / target
        for source in sources:
            if place:
                take(self.stages[place] / source.lstrip("/"), target)
            else:
                self.take_from_context(Path(source), target, rest.endswith("/"))

    def take_from_context(self, source, target, into):
        found = [path for path in self.context.files() if source in [path, *path.parents]]
        assert found, f"{source} is not there, or ignored"
        for path in found:
            inside = path.relative_to(source) if path != source else Path(path.name)
            to = target / inside if into or path != source else target
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, to)

    def do_run(self, command):
        if command.startswith(SYSTEM):
            return
        self.run(["sh", "-euc", command.replace("/venv", str(self.root / "venv"))])

    def run(self, command, **environment):
        """Run in the image, as far as a directory can be one; return what it says."""
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def environment(self):
        own = {k: v.replace("/venv", str(self.root / "venv")) for k, v in self.facts["ENV"].items()}
        path = own.pop("PATH", "$PATH").replace("$PATH", f"{self.python}:{os.environ['PATH']}")
        return {**os.environ, **own, "PATH": path}

    def inside(self, path):
        return self.root / path.lstrip("/")


def take(source, target):
    """Between stages: a directory as it is, by a link, as its scripts name where they are."""
    assert source.exists(), source
    if source.is_dir():
        target.symlink_to(source)
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
