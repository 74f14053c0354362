"""Every manifest against Kubernetes's own schemas, of the oldest version that will do and a new."""

import copy
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped] # it comes without types
import pytest

from tests.deploy.k8s import operator_kinds
from tests.deploy.k8s.manifests import (
    EXAMPLE,
    KUSTOMIZATIONS,
    MANIFESTS,
    MONITORING,
    SCRAPED_STANDALONE,
    STANDALONE,
    Manifest,
    read,
    rendered,
    requires_kubectl,
    with_sidecar,
)

VERSIONS = ("1.29", "1.37")
"""The first with native sidecars and no feature gate, and the newest there are schemas of."""


def _require_valid(manifest: Manifest, version: str) -> None:
    if manifest["kind"] in operator_kinds.KINDS:
        operator_kinds.require_valid(manifest)
    else:
        # A kind without a schema raises too.
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", MANIFESTS, ids=str)
def test_a_manifest_is_what_kubernetes_takes(path: Path, version: str) -> None:
    """No field is unknown or of the wrong type."""
    _require_valid(read(path), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_agent_with_the_sidecar_is_what_kubernetes_takes(version: str) -> None:
    """The patch alone is no manifest; what it makes of the example's agent is one."""
    _require_valid(with_sidecar(read(EXAMPLE / "agent.yaml")), version)


@requires_kubectl
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "directory", [EXAMPLE, STANDALONE, SCRAPED_STANDALONE, MONITORING], ids=str
)
def test_what_kustomize_makes_is_what_kubernetes_takes(directory: Path, version: str) -> None:
    """All that `kubectl apply -k` would send."""
    for manifest in rendered(directory):
        _require_valid(manifest, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_misspelt_field_is_refused(version: str) -> None:
    """Or the tests above would hold nothing."""
    agent = with_sidecar(read(EXAMPLE / "agent.yaml"))
    container = copy.deepcopy(agent["spec"]["template"]["spec"]["initContainers"][0])
    container["securityContext"]["readonlyRootFilesystem"] = True
    agent["spec"]["template"]["spec"]["initContainers"] = [container]
    with pytest.raises(kubernetes_validate.ValidationError):
        _require_valid(agent, version)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    """It is no reason to look away."""
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        _require_valid({"apiVersion": "example.com/v1", "kind": "Sidecar"}, VERSIONS[-1])


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=str)
def test_a_kustomization_names_what_is_there(path: Path) -> None:
    """Resources, components and patches exist; files lie below it: kustomize reads no others."""
    kustomization = read(path)
    for name in [*kustomization.get("resources", []), *kustomization.get("components", [])]:
        target = path.parent / name
        assert target.is_file() or (target / "kustomization.yaml").is_file(), name
    files = [patch["path"] for patch in kustomization.get("patches", []) if "path" in patch]
    for generator in kustomization.get("configMapGenerator", []):
        files += generator["files"]
    for name in files:
        assert (path.parent / name).is_file(), name
        assert ".." not in Path(name).parts
