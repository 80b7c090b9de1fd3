"""What hosts and newcomers read: the files around the program agree with it."""

import base64
import hashlib
import json
import re
import subprocess

import pytest
from dotenv import dotenv_values

from parlor.settings import Settings
from tests.support import ROOT
from tests.support.server import SETTINGS

LOCKED = ["requirements.txt", "requirements-dev.txt"]
SETTING_NAMES = {field.alias for field in Settings.model_fields.values()}


def read(path):
    return (ROOT / path).read_text()


def pins(path):
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", read(path), re.MULTILINE))


def tracked_files():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_the_procfile_runs_one_worker_by_default_and_which_is_one_setting():
    command = "gunicorn -k ${WORKER:-eventlet} -w ${WEB_CONCURRENCY:-1} -b 0.0.0.0:$PORT wsgi:app"
    assert read("Procfile") == f"web: {command}\n"


def test_the_deploy_migrates_and_waits_until_parlor_is_ready():
    railway = json.loads(read("railway.json"))
    deploy = railway["deploy"]
    assert railway["$schema"].endswith("/railway.schema.json")
    assert deploy["preDeployCommand"] == ["flask --app app db upgrade"]
    assert deploy["healthcheckPath"] == "/readyz"
    # docs/decisions/0020-deploy-files.md; and a stop takes up to graceful_timeout.
    assert deploy["overlapSeconds"] == 0
    assert deploy["drainingSeconds"] == 10
    assert deploy["restartPolicyType"] == "ALWAYS"


def test_the_same_python_everywhere():
    version = read(".python-version").strip()
    assert f'requires-python = ">={version}"' in read("pyproject.toml")
    assert f'target-version = "py{version.replace(".", "")}"' in read("pyproject.toml")


def test_flask_commands_find_the_app_without_the_worker():
    assert dotenv_values(ROOT / ".flaskenv") == {"FLASK_APP": "app", "PARLOR_ENV": "development"}


def test_the_example_names_every_setting():
    assert dotenv_values(ROOT / ".env.example").keys() == SETTING_NAMES


def test_the_example_explains_every_setting():
    for block in read(".env.example").strip().split("\n\n"):
        assert block.startswith("# "), block


def test_the_example_holds_the_defaults(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in SETTING_NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRET_KEY", "k" * 32)
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


def test_the_tests_own_server_depends_on_no_setting_of_the_machine():
    assert SETTINGS.keys() | {"INSTANCE_DIR", "DATABASE_URL", "PORT"} == SETTING_NAMES


@pytest.mark.parametrize("path", LOCKED)
def test_requirements_are_locked_with_hashes(path):
    requirements = re.split(r"\n(?! )", read(path).strip())
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+(\[.*\])?==", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement
    assert "://" not in read(path)


@pytest.mark.parametrize("path", LOCKED)
def test_every_requirement_is_locked(path):
    wanted = re.findall(r"^[A-Za-z0-9-]+", read(path.replace(".txt", ".in")), re.MULTILINE)
    assert {name.lower() for name in wanted} <= pins(path).keys()


def test_tests_run_with_the_versions_that_are_served():
    served, tested = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: served[name] for name in served.keys() & tested.keys()} == {
        name: tested[name] for name in served.keys() & tested.keys()
    }


def test_the_browsers_client_is_locked():
    lock = json.loads(read("static/vendor/package-lock.json"))
    wanted = json.loads(read("static/vendor/package.json"))["dependencies"]
    for name, version in wanted.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    assert '"resolved"' not in read("static/vendor/package-lock.json")


def test_the_client_from_elsewhere_is_the_client_from_here():
    """The page's fallback is pinned by version and hash to the file that the set-up installs."""
    version = json.loads(read("static/vendor/package.json"))["dependencies"]["socket.io-client"]
    digest = hashlib.sha384((ROOT / "static/vendor/socket.io.esm.min.js").read_bytes()).digest()
    sources = "".join(path.read_text() for path in ROOT.glob("parlor/*.py"))
    assert f"sha384-{base64.b64encode(digest).decode()}" in sources
    assert version in sources


def test_no_file_names_a_package_registry():
    parts = [("py", "pi.org"), ("python", "hosted.org"), ("registry.", "npm"), ("npmjs", ".org")]
    parts += [("deb.", "debian"), ("npmmirror", ".com"), ("registry.", "yarnpkg")]
    hosts = re.compile("|".join(re.escape(start + end) for start, end in parts).encode())
    for path in tracked_files():
        assert not hosts.search(path.read_bytes()), path
