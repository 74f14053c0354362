"""The manifests: as they lie there, and as kustomize makes them where it is installed.

Without kubectl nothing is rendered. What the sidecar adds to a workload is then still seen, for
`with_sidecar` does what kustomize does with that patch; where there is kubectl, a test holds the
two equal.
"""

import copy
import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

Manifest = dict[str, Any]

K8S = Path("deploy/k8s")
EXAMPLE = K8S / "overlays" / "example"
SCRAPED_STANDALONE = K8S / "overlays" / "standalone"
STANDALONE = K8S / "standalone"
MONITORING = K8S / "monitoring"
SIDECAR = K8S / "components" / "sidecar" / "sidecar.yaml"
POD_MONITOR = K8S / "components" / "pod-monitor" / "podmonitor.yaml"
ANNOTATIONS = K8S / "components" / "scrape-annotations" / "annotations.yaml"

PATCHES = (SIDECAR, ANNOTATIONS)
KUSTOMIZATIONS = sorted(
    [*K8S.rglob("kustomization.yaml"), Path("deploy/grafana/kustomization.yaml")]
)
MANIFESTS = sorted({*K8S.rglob("*.yaml")} - {*KUSTOMIZATIONS, *PATCHES})

requires_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None,
    reason="not installed: kubectl, so nothing is rendered; plain files are checked all the same",
)


def read(path: Path) -> Manifest:
    """Return the one document of a file."""
    document: Manifest = yaml.safe_load(path.read_text())
    return document


@functools.cache
def rendered(directory: Path) -> tuple[Manifest, ...]:
    """Return what kustomize makes of a directory; not to be changed."""
    done = subprocess.run(
        ["kubectl", "kustomize", str(directory)],  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(documents: tuple[Manifest, ...], kind: str) -> Manifest:
    """Return the only document of a kind."""
    (found,) = (document for document in documents if document["kind"] == kind)
    return found


def with_sidecar(workload: Manifest) -> Manifest:
    """Return a workload with the sidecar in it, as kustomize merges the patch: in front."""
    merged = copy.deepcopy(workload)
    template, patch = merged["spec"]["template"], read(SIDECAR)["spec"]["template"]
    template["metadata"]["labels"] |= patch["metadata"]["labels"]
    for name in ("initContainers", "volumes"):
        template["spec"][name] = patch["spec"][name] + template["spec"].get(name, [])
    return merged


def sidecar() -> Manifest:
    """Return the sidecar's container."""
    (container,) = read(SIDECAR)["spec"]["template"]["spec"]["initContainers"]
    found: Manifest = container
    return found


def standalone() -> Manifest:
    """Return the standalone exporter's container."""
    (container,) = pod_of(read(STANDALONE / "statefulset.yaml"))["containers"]
    found: Manifest = container
    return found


def pod_of(workload: Manifest) -> Manifest:
    """Return the specification of a workload's pods."""
    pod: Manifest = workload["spec"]["template"]["spec"]
    return pod


def containers_of(pod: Manifest) -> list[Manifest]:
    """Return every container of a pod, those of its beginning too."""
    return [*pod.get("initContainers", []), *pod["containers"]]
