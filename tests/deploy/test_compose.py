"""The compose file, without an engine: what it names, binds, mounts and runs."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.cli import demo
from exporter.cli.flags import FAILURE
from exporter.config import load, read_file
from tests.deploy.dockerfile import environment, one_of, stages
from tests.e2e.processes import free_port
from tests.prometheus import requires_prometheus

DIRECTORY = Path("deploy/compose")
COMPOSE = yaml.safe_load((DIRECTORY / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VERSION = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
RUNTIME = stages()[-1]
PORT = one_of(RUNTIME, "EXPOSE").rest

DATASOURCES = Path("deploy/grafana/provisioning/datasources")
PROVIDERS = Path("deploy/grafana/provisioning/dashboards")

PLAIN = Path("deploy/prometheus/prometheus.yml")
OURS = DIRECTORY / "prometheus.yml"

each_service = pytest.mark.parametrize("name", SERVICES)


def _mounts(name: str) -> list[list[str]]:
    return [volume.split(":") for volume in SERVICES[name].get("volumes", [])]


def _provisioned(directory: Path, key: str) -> list[dict[str, Any]]:
    return [
        entry for file in directory.glob("*.yml") for entry in yaml.safe_load(file.read_text())[key]
    ]


def test_there_is_all_to_look_at() -> None:
    """The exporter, something to look at it with, and something to see."""
    assert set(SERVICES) == {"exporter", "demo", "prometheus", "grafana"}


@each_service
def test_an_image_is_pinned(name: str) -> None:
    """A version, not `latest`; ours is the one that is built from here."""
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert any(character.isdigit() for character in tag)
    if image == "agent-exporter":
        assert tag == VERSION
    context = SERVICES["exporter"]["build"]["context"]
    assert (DIRECTORY / context / "Dockerfile").is_file()


@each_service
def test_a_container_has_no_more_than_it_needs(name: str) -> None:
    """No capability, and no way to get one; ours write nowhere but to their volume."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "user"} & set(service)
    if service["image"].startswith("agent-exporter:"):
        assert service["read_only"] is True


@each_service
def test_a_port_is_published_on_the_loopback_alone(name: str) -> None:
    """Docker's own default is every address, past most firewalls."""
    for published in SERVICES[name].get("ports", []):
        address, _, _ = published.split(":")
        assert address == "127.0.0.1"


def test_the_exporters_port_is_the_images() -> None:
    """And its storage is where the image keeps it."""
    assert SERVICES["exporter"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    (target,) = [target for source, target, *_ in _mounts("exporter") if source == "exporter"]
    storage = environment(RUNTIME)["AGENT_EXPORTER_STORAGE_PATH"]
    assert storage.startswith(f"{target}/")


def test_the_exporter_answers_to_its_name_alone() -> None:
    """Its port is published where pages can reach it. The file that says so is read in full."""
    (source,) = [source for source, *_ in _mounts("exporter") if source.endswith(".yml")]
    config = load(yaml_text=read_file(DIRECTORY / source), environ={}, flags={})
    assert config.web.hosts_allowed == ("exporter",)
    option = SERVICES["exporter"]["command"][1]
    assert option.partition("=")[2] in [target for _, target, *_ in _mounts("exporter")]


@each_service
def test_what_is_mounted_is_there(name: str) -> None:
    """A file or directory of the repository, read only, or a volume that is declared."""
    for source, *target in _mounts(name):
        if source.startswith("."):
            assert (DIRECTORY / source).exists(), source
            assert target[1:] == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


def test_prometheus_keeps_what_the_boards_look_back_on() -> None:
    """A window of the error budget is 30 days."""
    (kept,) = (word for word in SERVICES["prometheus"]["command"] if ".retention.time=" in word)
    assert int(kept.partition("=")[2].removesuffix("d")) > 30


def test_prometheus_takes_in_when_a_series_was_created() -> None:
    """Or `increase()` lacks what came before the first scrape; and exemplars, for the traces."""
    (features,) = (
        word.partition("=")[2].split(",")
        for word in SERVICES["prometheus"]["command"]
        if word.startswith("--enable-feature=")
    )
    assert set(features) == {"exemplar-storage", "created-timestamp-zero-ingestion"}


def test_who_is_waited_for_has_a_health_check() -> None:
    """Or it would be waited for without end: the image's own is not switched off."""
    for service in SERVICES.values():
        if isinstance(service.get("depends_on"), dict):
            for other, how in service["depends_on"].items():
                assert how == {"condition": "service_healthy"}
                assert SERVICES[other]["image"].startswith("agent-exporter:")
                assert "healthcheck" not in SERVICES[other]


def test_the_demo_pushes_to_the_exporter() -> None:
    """Its command is one that is understood: all it lacks here is an exporter of that name."""
    command, *arguments = SERVICES["demo"]["command"]
    assert command == "demo"
    service = f"--url=http://exporter:{PORT}"
    nobody = f"--url=http://127.0.0.1:{free_port()}"
    assert service in arguments
    # What is not understood exits with 2.
    assert demo.run([nobody if word == service else word for word in arguments], {}) == FAILURE


def test_prometheus_has_the_configuration_of_a_host_but_for_the_target() -> None:
    """What is changed in the one has to be changed in the other."""
    ours, plain = (yaml.safe_load(path.read_text()) for path in (OURS, PLAIN))
    assert ours["scrape_configs"][0]["static_configs"] == [{"targets": [f"exporter:{PORT}"]}]
    plain["scrape_configs"][0]["static_configs"] = ours["scrape_configs"][0]["static_configs"]
    assert ours == plain


@requires_prometheus
@pytest.mark.prometheus
def test_promtool_takes_what_prometheus_finds_in_its_container(tmp_path: Path) -> None:
    """The configuration beside its rules, as they are mounted."""
    for source, target, _ in (mount for mount in _mounts("prometheus") if len(mount) == 3):
        link = tmp_path / Path(target).relative_to("/etc/prometheus")
        link.symlink_to((DIRECTORY / source).resolve())
    done = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "prometheus.yml")],  # noqa: S607 - as found
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rule files found" in done.stdout


def test_grafana_is_provisioned_from_what_is_mounted() -> None:
    """It asks Prometheus by its service's name, and finds the dashboards where they are mounted."""
    targets = {target: source for source, target, *_ in _mounts("grafana")}
    assert Path(targets["/etc/grafana/provisioning"]).name == "provisioning"
    (source,) = _provisioned(DATASOURCES, "datasources")
    assert source["type"] == "prometheus"
    assert source["url"] == "http://prometheus:9090"
    (provider,) = _provisioned(PROVIDERS, "providers")
    mounted = DIRECTORY / targets[provider["options"]["path"]]
    assert list(mounted.glob("*.json"))
