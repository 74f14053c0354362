"""The containers' own arguments, run: a real exporter, asked as the kubelet and Prometheus ask.

Only what a pod has and this machine has not is put in its place: paths, and ports that are free. In
a pod, who asks from outside comes to an address that is no loopback; and so it is asked here.
"""

import functools
import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from exporter.cli import check_config
from tests.deploy.k8s.manifests import EXAMPLE, K8S, STANDALONE, Manifest, sidecar, standalone
from tests.deploy.k8s.served import MOUNTED_CONFIG
from tests.e2e.processes import COMMAND, eventually, free_port, process
from tests.own_address import OUTSIDE, requires_own_address

CONFIGS = {"sidecar": K8S / "base" / "exporter.yml", "standalone": STANDALONE / "exporter.yml"}
CONTAINERS = {"sidecar": sidecar(), "standalone": standalone()}

POD_HOST = "10.11.12.13:24368"
"""The `Host` that the kubelet and Prometheus send: the pod's IP, no name of the machine."""

INSIDE = "--ingest.listen-address=127.0.0.1"

TOKEN = "made-up-token"  # noqa: S105 - as it says
EVENT = b'{"type": "tool_call", "tool": "search"}'

PROBES = [
    (name, probe, container[probe]["httpGet"]["path"])
    for name, container in CONTAINERS.items()
    for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    if probe in container
]


class Running(NamedTuple):
    """Where a container is served: what is for everybody, and what is for its pod (or the same)."""

    web: str
    ingest: str


def _ask(address: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _push(address: str, **headers: str) -> int:
    sent = {"Content-Type": "application/json", **headers}
    return _ask(address, "POST", "/api/v1/events", sent, EVENT)


def _arguments(name: str, directory: Path) -> list[str]:
    """Return a container's arguments with the paths and ports of this machine."""
    config = directory / "exporter.yml"
    text = CONFIGS[name].read_text()
    config.write_text(text.replace("/etc/agent-exporter-token/token", str(directory / "token")))
    here = {
        f"--config.file={MOUNTED_CONFIG}": f"--config.file={config}",
        "--storage.path=/var/lib/agent-exporter/data": f"--storage.path={directory / 'data'}",
        "--web.listen-address=:24368": f"--web.listen-address=:{free_port()}",
        "--ingest.listen-address=127.0.0.1:24369": f"{INSIDE}:{free_port()}",
    }
    return [here.get(argument, argument) for argument in CONTAINERS[name]["args"]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """Run both containers as they are, but that none lingers; yield their addresses."""
    directories = {name: tmp_path_factory.mktemp(name) for name in CONTAINERS}
    for directory in directories.values():
        (directory / "token").write_text(TOKEN)
    commands = {
        name: [str(COMMAND), *_arguments(name, directory), "--log.level=info"]
        for name, directory in directories.items()
    }
    logs = {name: directory / "log" for name, directory in directories.items()}
    with (
        process(_unlingering(commands["sidecar"]), logs["sidecar"]),
        process(commands["standalone"], logs["standalone"]),
    ):
        yield {
            name: eventually(functools.partial(_served, log), name) for name, log in logs.items()
        }


def _unlingering(command: list[str]) -> list[str]:
    return [word for word in command if not word.startswith("--shutdown.linger=")]


def _served(log: Path) -> Running | None:
    """Return the addresses once all are bound; the first for everybody is that of IPv4."""
    addresses = re.findall(r'"address": "(\S+)"', log.read_text())
    outside = [address for address in addresses if address.startswith("0.0.0.0:")]
    inside = [address for address in addresses if address.startswith("127.0.0.1:")]
    if not outside:
        return None
    web = outside[0].replace("0.0.0.0", OUTSIDE)  # noqa: S104 - to be replaced
    return Running(web=web, ingest=inside[0] if inside else web)


@pytest.mark.parametrize(("name", "probe", "path"), PROBES)
def test_a_probe_is_answered_200(
    running: dict[str, Running], name: str, probe: str, path: str
) -> None:
    """Under the `Host` that the kubelet sends, and without credentials."""
    status = eventually(
        lambda: _ask(running[name].web, "GET", path, {"Host": POD_HOST}) == 200 or None, probe
    )
    assert status


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_scrape_of_the_pods_address_is_answered(running: dict[str, Running], name: str) -> None:
    """A `Host` that is an IP of the pod is no reason to refuse Prometheus."""
    assert _ask(running[name].web, "GET", "/metrics", {"Host": POD_HOST}) == 200


def test_pushes_do_not_come_in_from_outside_the_pod(running: dict[str, Running]) -> None:
    """The sidecar takes them on the loopback alone, where the agent is told to send them."""
    assert running["sidecar"].web != running["sidecar"].ingest
    assert _push(running["sidecar"].web) == 405
    assert _push(running["sidecar"].ingest) == 200


def test_the_standalone_one_takes_pushes_with_the_token_only(running: dict[str, Running]) -> None:
    """Whoever else reaches the Service is turned away."""
    address = running["standalone"].web
    assert _push(address) == 401
    assert _push(address, Authorization=f"Bearer {TOKEN}") == 200


@requires_own_address
def test_pushes_come_in_under_the_services_name(running: dict[str, Running]) -> None:
    """Agents ask for `http://agent-exporter:24368`; only on a loopback would that be refused."""
    sent = {"Host": "agent-exporter:24368", "Authorization": f"Bearer {TOKEN}"}
    assert _push(running["standalone"].web, **sent) == 200


def test_the_standalone_one_does_not_start_without_its_token(tmp_path: Path) -> None:
    """The Secret is missing: it says so and ends, rather than take pushes from everybody."""
    done = subprocess.run(
        [str(COMMAND), *_arguments("standalone", tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "token_file" in done.stderr


@pytest.mark.parametrize("name", ["sidecar", "standalone"])
def test_it_does_not_start_once_its_guard_is_gone(tmp_path: Path, name: str) -> None:
    """Without the address for pushes, or without the token: `--ingest.require-auth` holds."""
    arguments = _arguments(name, tmp_path)
    (tmp_path / "exporter.yml").write_text("{}")
    arguments = [word for word in arguments if not word.startswith("--ingest.listen-address")]
    done = subprocess.run(
        [str(COMMAND), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "without credentials" in done.stderr


@pytest.mark.parametrize("file", CONFIGS.values(), ids=CONFIGS)
def test_check_config_takes_the_file_of_the_config_map(file: Path) -> None:
    """As the container's start would."""
    assert check_config.run([str(file)], {}) == 0


def test_the_example_agent_reaches_the_sidecar(running: dict[str, Running]) -> None:
    """It runs as it lies there, with the variable of its manifest, until SIGTERM."""
    address = running["sidecar"]
    agent = subprocess.Popen(
        [sys.executable, str(EXAMPLE / "agent.py")],
        env={"AGENT_EXPORTER_URL": f"http://{address.ingest}"},
    )
    try:
        eventually(lambda: _tells_of(address.web, b'agent="example-agent"') or None, "its calls")
        agent.terminate()
        assert agent.wait(60) == 0
    finally:
        agent.kill()
        agent.wait()


def _tells_of(address: str, what: bytes) -> bool:
    parts = urlsplit(f"http://{address}/metrics")
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path)
        return what in connection.getresponse().read()
    finally:
        connection.close()


def test_every_container_is_run_here(running: dict[str, Running]) -> None:
    """So that no manifest is added whose flags nobody has tried."""
    written: list[Manifest] = [sidecar(), standalone()]
    assert len(running) == len(written) == len(CONFIGS)
