"""What is in deploy/, held to its schemas and linters, and to each other."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from parlor import drain
from tests.support import ROOT, missing
from tests.support.server import Server
from tests.test_deploy_files import SETTING_NAMES, read

TOOLS = Path(sys.executable).parent
DOCKERFILES = ["deploy/Dockerfile", "deploy/Dockerfile.pgbouncer"]
CONFIGURATIONS = ["nginx.conf", "nginx-tls.conf"]
GRACE = drain.COMMIT_WITHIN + drain.ANSWER_WITHIN + drain.LAST_WORDS


def tool(name, *arguments):
    """What it says, if it is content. `name`: of the set-up, or of the system."""
    program = shutil.which(name, path=TOOLS) or shutil.which(name) or missing(name)
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def compose():
    return YAML(typ="safe").load(read("deploy/compose.yaml"))


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def test_compose_keeps_to_the_specification():
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")


def test_railway_json_keeps_to_what_is_documented():
    tool("check-jsonschema", "--schemafile", "tests/schemas/railway.json", "railway.json")


def test_hadolint_has_nothing_against_the_dockerfiles():
    if sys.platform != "linux":
        pytest.skip("hadolint comes for Linux alone")
    assert not tool("hadolint", *DOCKERFILES)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_gixy_has_nothing_against_nginx(name):
    """But for HSTS, which Parlor itself says (parlor/guard.py)."""
    tool("gixy", "--skips", "hsts_header", f"deploy/{name}")


def test_the_procfile_is_what_hosts_take_for_yaml():
    assert list(YAML(typ="safe").load(read("Procfile"))) == ["web"]


def test_compose_says_what_is_missing(services):
    """Each secret of deploy/.env is asked for by name, and nothing is set that is none."""
    example = set(re.findall(r"^([A-Z_]+)=", read("deploy/compose.env.example"), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", read("deploy/compose.yaml")))
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", read("deploy/compose.yaml")))
    assert asked == {"SECRET_KEY", "POSTGRES_PASSWORD"} <= example <= used
    defaults = set(re.findall(r"\$\{([A-Z_]+):-", read("deploy/compose.yaml")))
    assert used == asked | defaults
    assert services["app-1"]["environment"].keys() <= SETTING_NAMES


def test_nginx_alone_is_reached_from_outside(services):
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert services["nginx"]["networks"] == ["front"]


def test_the_database_and_redis_reach_nothing_outside(compose, services):
    assert compose["networks"]["data"]["internal"]
    for name in ("postgres", "pgbouncer", "redis", "migrate"):
        assert services[name]["networks"] == ["data"], name


def test_every_service_is_looked_after(services):
    built = {"app-1", "app-2"}  # their image has the check
    for name, service in services.items():
        assert name in built or "healthcheck" in service, name
        assert service["logging"]["options"]["max-size"], name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name


def test_the_tables_are_there_before_the_processes(services):
    for name in ("app-1", "app-2"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "pgbouncer": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }
    assert "pgbouncer" not in services["migrate"]["environment"]["DATABASE_URL"]


def test_nginx_finds_the_processes_where_they_are(services):
    for name in ("app-1", "app-2"):
        address = services[name]["networks"]["front"]["ipv4_address"]
        assert services["nginx"]["extra_hosts"][name] == address
    assert re.findall(r"server (app-\d+):5000", read("deploy/nginx.conf")) == ["app-1", "app-2"]


def test_a_process_has_time_to_stop(services):
    assert int(services["app-1"]["stop_grace_period"].rstrip("s")) > GRACE
    assert int(re.search(r"TimeoutStopSec=(\d+)", read("deploy/parlor@.service"))[1]) > GRACE


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_lines_to_a_process_are_closed_by_nginx_first(name):
    """Else a request could meet the end of a line that gunicorn has just closed."""
    kept = int(re.search(r"keepalive_timeout (\d+)s;", read(f"deploy/{name}"))[1])
    assert kept < int(re.search(r"^keepalive = (\d+)", read("gunicorn.conf.py"), re.MULTILINE)[1])


def test_every_file_that_is_mounted_is_there(services):
    places = [place for service in services.values() for place in service.get("volumes", [])]
    files = [place.split(":")[0] for place in places if place.startswith("./")]
    assert len(files) == 4
    for file in files:
        assert (ROOT / "deploy" / file).is_file(), file


def test_no_image_is_named_without_a_version(services):
    built = {service["image"] for service in services.values() if "build" in service}
    for name, service in services.items():
        assert service["image"] in built or re.search(r":\d", service["image"]), name


def test_no_image_is_built_twice_or_looked_for_elsewhere(services):
    """Of two builds that end at once with the same name, one fails."""
    built = [service["image"] for service in services.values() if "build" in service]
    assert len(set(built)) == len(built) == 2
    for name, service in services.items():
        if service["image"] in built and "build" not in service:
            assert service["pull_policy"] == "never", name


def test_pgbouncer_may_read_its_passwords():
    """It is not root, and Compose hands out files to root's group alone, as of 2.34."""
    assert "target: /etc/pgbouncer/userlist.txt, mode: 0444}" in read("deploy/compose.yaml")


@pytest.fixture
def unit(tmp_path):
    """The unit as it would be on a server that has the program here."""
    text = read("deploy/parlor@.service").replace("/opt/parlor/.venv/bin", str(TOOLS))
    path = tmp_path / "parlor@.service"
    path.write_text(text.replace("/opt/parlor", str(ROOT)))
    return path


def test_systemd_understands_the_unit(unit):
    tool("systemd-analyze", "verify", "--man=no", "--generators=no", str(unit))


def test_systemd_finds_the_unit_well_shut(unit):
    """2.0 of 10: a service without any of it has 9.6."""
    tool("systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit))


def test_systemd_is_told_that_it_has_started(tmp_path):
    told = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(told))
        systemd.settimeout(60)
        with Server(tmp_path / "server") as server:
            server.stop()
            server.settings["NOTIFY_SOCKET"] = str(told)
            server.start()
            assert b"READY=1" in systemd.recv(1000)


def test_a_servers_settings_are_settings():
    names = set(re.findall(r"^([A-Z_]+)=", read("deploy/parlor.env.example"), re.MULTILINE))
    assert {"SECRET_KEY", "DATABASE_URL"} <= names <= SETTING_NAMES
