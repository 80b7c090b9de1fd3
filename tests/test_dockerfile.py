"""deploy/Dockerfile: what it makes is Parlor, whole, and nothing else."""

import subprocess

import pytest
import requests

from tests.support import ROOT, free_port
from tests.support.dockerfile import Context, Image, instructions
from tests.support.server import Server

DOCKERFILE = "deploy/Dockerfile"

pytestmark = pytest.mark.timeout(300)  # it installs everything anew


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return Image(DOCKERFILE, tmp_path_factory.mktemp("image") / "stages")


class Contained(Server):
    """The image's own command, in place of gunicorn's usual one."""

    def __init__(self, image, directory):
        super().__init__(directory)
        self.image = image

    def start(self):
        self.launch()
        self.wait_until_up("/readyz")
        return self

    def launch(self):
        with self.log_path.open("ab") as output:
            self.process = subprocess.Popen(
                self.image.facts["CMD"],
                cwd=self.image.directory,
                env={**self.image.environment(), **self.settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@pytest.fixture(scope="module")
def contained(image, tmp_path_factory):
    with Contained(image, tmp_path_factory.mktemp("contained")) as server:
        yield server


def test_what_is_in_it_serves(contained):
    page = requests.get(contained.url, timeout=5)
    assert page.status_code == 200
    assert "/static/vendor/socket.io.esm.min." in page.text, "the client is there"


def test_its_health_check_asks_whether_it_is_ready(image, contained):
    check = image.facts["HEALTHCHECK"]
    image.run(check, PORT=str(contained.port))
    with pytest.raises(AssertionError, match="Connection refused"):
        image.run(check, PORT=str(free_port()))


def test_flask_commands_are_found_in_it(image, contained):
    assert "no such command" not in image.run(["flask", "rooms"], **contained.settings).lower()


def test_it_listens_to_all_keeps_its_data_apart_and_is_not_root(image):
    assert image.facts["ENV"].items() >= {"HOST": "0.0.0.0", "INSTANCE_DIR": "/data"}.items()
    assert int(image.facts["USER"]) > 0


def test_it_is_in_production_unless_told_otherwise(image):
    assert "PARLOR_ENV" not in image.facts["ENV"]
    assert "SECRET_KEY" not in image.facts["ENV"]


def test_the_build_sees_the_program_and_nothing_else():
    seen = {path.parts[0] for path in Context(f"{DOCKERFILE}.dockerignore").files()}
    assert seen == {
        *("app.py", "models.py", "wsgi.py", "gunicorn.conf.py", "requirements.txt", "LICENSE"),
        *("migrations", "parlor", "static", "templates"),
    }


def test_the_build_sees_no_program_of_others():
    files = [str(path) for path in Context(f"{DOCKERFILE}.dockerignore").files()]
    assert not [name for name in files if "node_modules" in name or name.endswith((".pyc", ".db"))]
    assert "static/vendor/socket.io.esm.min.js" not in files, "npm installs it in the build"
    assert "static/vendor/package-lock.json" in files


def test_every_module_at_the_root_is_copied():
    copied = " ".join(rest for name, rest in instructions(DOCKERFILE) if name == "COPY").split()
    assert {path.name for path in ROOT.glob("*.py")} <= set(copied)


def test_it_is_the_python_that_is_tested():
    version = (ROOT / ".python-version").read_text().strip()
    bases = {rest.split()[0] for name, rest in instructions(DOCKERFILE) if name == "FROM"}
    assert {base for base in bases if "python" in base} == {f"python:{version}-slim-bookworm"}


def test_no_dockerfile_is_at_the_root():
    """There, a host would build it instead of running the Procfile."""
    assert not list(ROOT.glob("*ockerfile*"))
    assert not list(ROOT.glob("compose*"))
