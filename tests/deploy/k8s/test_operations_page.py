"""The page that tells how to run it: what it names is there, what it promises is what is set."""

import inspect
import re
from pathlib import Path

import pytest

from exporter.client.backoff import Patience
from exporter.client.telemetry import Telemetry
from tests.deploy.k8s.manifests import K8S, STANDALONE, read, sidecar
from tests.deploy.k8s.served import config_of

PAGE = Path("docs/operations.md")
TEXT = PAGE.read_text()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((\.\./[^)#]+)", TEXT))))
def test_a_link_leads_somewhere(target: str) -> None:
    """To a file or directory of the repository."""
    assert (PAGE.parent / target).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\(((?:\w+\.md)?#[^)]+)\)", TEXT))))
def test_an_anchor_is_a_heading(target: str) -> None:
    """Of this page or of another one."""
    page, _, anchor = target.partition("#")
    text = (PAGE.parent / page).read_text() if page else TEXT
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert anchor in slugs


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:-k|-f) (deploy/\S+)", TEXT))))
def test_a_command_names_what_is_there(path: str) -> None:
    """A kustomization, or a compose file."""
    assert Path(path).is_file() or Path(path, "kustomization.yaml").is_file()


def test_every_directory_of_manifests_is_told_of() -> None:
    """So that nobody has to find them out."""
    for kustomization in K8S.rglob("kustomization.yaml"):
        assert f"`{kustomization.parent.relative_to(K8S)}`" in TEXT


def test_the_standalone_pods_name_and_its_volumes_are_those_that_come_of_it() -> None:
    """`NAME-0`, and `TEMPLATE-NAME-0` for what it claims."""
    made = read(STANDALONE / "statefulset.yaml")
    pod = f"{made['metadata']['name']}-0"
    (claim,) = made["spec"]["volumeClaimTemplates"]
    assert f"`{pod}`" in TEXT
    assert f"`{claim['metadata']['name']}-{pod}`" in TEXT


def test_the_client_waits_as_long_as_is_said() -> None:
    """Over a rollout of the exporter that it pushes to."""
    waiting = inspect.signature(Telemetry).parameters["queue_events_max"].default
    said = f"keeps a\n  batch for {Patience().batch:g} s and {waiting:,} events behind it"
    assert said in TEXT


def test_the_agent_waits_for_the_exporter_as_long_as_is_said() -> None:
    """That is what the startup probe gives it."""
    probe = sidecar()["startupProbe"]
    secs = probe["periodSeconds"] * probe["failureThreshold"]
    assert re.search(rf"within\s+the startup probe's {secs} s", TEXT)


def test_the_times_and_sizes_are_those_of_the_manifest() -> None:
    """Lingering, ports, memory, and how much larger the volume is than the journal."""
    config = config_of(sidecar(), K8S / "base" / "exporter.yml")
    assert f"`--shutdown.linger={config.shutdown.linger_secs:g}s`" in TEXT
    for address in (*config.web.listen_address, config.ingest.listen_address):
        assert f"{address}".rpartition(":")[2] in TEXT
    resources = sidecar()["resources"]
    memory = [resources[kind]["memory"].replace("Mi", " MiB") for kind in ("requests", "limits")]
    assert f"requests {memory[0]} and is limited to {memory[1]}" in TEXT
    assert config.storage.snapshot_bytes * 32 == 512 * 2**20
    assert "32 times what the journal holds between two" in TEXT
