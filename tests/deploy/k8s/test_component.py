"""What the components do to workloads, and what they leave alone. kustomize itself is asked."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.k8s.manifests import (
    EXAMPLE,
    K8S,
    Manifest,
    of_kind,
    pod_of,
    read,
    rendered,
    requires_kubectl,
    with_sidecar,
)

COMPONENTS = K8S.resolve() / "components"

POD: Manifest = {
    "metadata": {"labels": {"app": "mine"}},
    "spec": {
        "restartPolicy": "OnFailure",
        "initContainers": [{"name": "migrate", "image": "mine:1"}],
        "containers": [{"name": "mine", "image": "mine:1"}],
        "volumes": [{"name": "mine", "emptyDir": {}}],
    },
}


def _workload(kind: str, labels: dict[str, str]) -> Manifest:
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": "mine", "labels": labels},
        "spec": {"template": copy.deepcopy(POD)},
    }


def _applied(directory: Path, component: str, workload: Manifest) -> Manifest:
    """Return a workload as kustomize makes it with a component."""
    (directory / "workload.yaml").write_text(yaml.safe_dump(workload))
    # From a copy: kustomize follows no absolute paths.
    copied = directory / component
    copied.mkdir()
    for file in (COMPONENTS / component).iterdir():
        (copied / file.name).write_text(file.read_text())
    kustomization = {"resources": ["workload.yaml"], "components": [component]}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return of_kind(rendered(directory), workload["kind"])


def _without_hashes(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """Return a document with the names of generated ConfigMaps as they are written."""
    text = yaml.safe_dump(value)
    return yaml.safe_load(re.sub(r"(name: [a-z-]+)-[0-9a-z]{10}$", r"\1", text, flags=re.MULTILINE))


@requires_kubectl
def test_the_example_is_its_agent_and_the_sidecar_and_nothing_else() -> None:
    """Whatever the agent's manifest says stands as it was."""
    made = _without_hashes(of_kind(rendered(EXAMPLE), "Deployment"))
    assert made["metadata"].pop("namespace") == "agents"
    assert made == with_sidecar(read(EXAMPLE / "agent.yaml"))


@requires_kubectl
def test_a_config_map_that_changes_rolls_out() -> None:
    """Its name ends in a hash of its content, and pods refer to it by that name."""
    documents = rendered(EXAMPLE)
    made = {one["metadata"]["name"] for one in documents if one["kind"] == "ConfigMap"}
    used = {
        volume["configMap"]["name"]
        for volume in pod_of(of_kind(documents, "Deployment"))["volumes"]
        if "configMap" in volume
    }
    assert used == made
    assert all(re.fullmatch(r"(agent-exporter|example-agent)-[0-9a-z]{10}", name) for name in made)


@requires_kubectl
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job"])
def test_the_sidecar_joins_any_labelled_workload(tmp_path: Path, kind: str) -> None:
    """In front of other init containers, which may push then; nothing else is changed."""
    workload = _workload(kind, {"agent-exporter": "sidecar"})
    made = _applied(tmp_path, "sidecar", workload)
    assert made == with_sidecar(workload)
    names = [container["name"] for container in pod_of(made)["initContainers"]]
    assert names == ["agent-exporter", "migrate"]


@requires_kubectl
def test_a_workload_without_the_label_is_left_alone(tmp_path: Path) -> None:
    """A kustomization may hold other workloads beside the agent."""
    workload = _workload("Deployment", {"app": "mine"})
    assert _applied(tmp_path, "sidecar", workload) == workload


@requires_kubectl
@pytest.mark.parametrize("role", ["sidecar", "standalone"])
def test_annotations_are_all_that_the_other_way_to_scrape_adds(tmp_path: Path, role: str) -> None:
    """On the pods, which is where Prometheus looks for them."""
    workload = _workload("Deployment", {"agent-exporter": role})
    made = _applied(tmp_path, "scrape-annotations", workload)
    annotations = made["spec"]["template"]["metadata"].pop("annotations")
    assert annotations["prometheus.io/scrape"] == "true"
    assert made == workload
