"""What overlays leave commented out, or the page tells to put in, does what is said of it."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.k8s.manifests import (
    EXAMPLE,
    K8S,
    MONITORING,
    SCRAPED_STANDALONE,
    Manifest,
    of_kind,
    rendered,
    requires_kubectl,
)

PAGE = Path("docs/operations.md").read_text()

RELEASE = {"release": "kube-prometheus-stack"}


def _copied(directory: Path, to: Path) -> Path:
    """Return a copy of a kustomization, among copies of all that it refers to."""
    shutil.copytree("deploy", to / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    return to / directory


def _uncommented(kustomization: str, key: str) -> str:
    """Return it with the block that begins with `# key:` made to count."""
    return re.sub(
        rf"^# {key}:\n(?:#   .*\n)+",
        lambda block: re.sub(r"^# ", "", block[0], flags=re.MULTILINE),
        kustomization,
        flags=re.MULTILINE,
    )


def _block_of_the_page(key: str) -> Any:  # noqa: ANN401 - any part of a document
    (block,) = re.findall(rf"```yaml\n({key}:\n.*?)```", PAGE, re.DOTALL)
    return yaml.safe_load(block)[key]


@requires_kubectl
@pytest.mark.parametrize("directory", [EXAMPLE, SCRAPED_STANDALONE, MONITORING], ids=str)
def test_the_release_is_a_label_away(tmp_path: Path, directory: Path) -> None:
    """Every object gets it, and neither pods nor selectors nor claims, which cannot change."""
    copied = _copied(directory, tmp_path)
    file = copied / "kustomization.yaml"
    file.write_text(_uncommented(file.read_text(), "labels"))
    assert yaml.safe_load(file.read_text())["labels"] == _block_of_the_page("labels")
    documents = rendered(copied)
    assert {"PodMonitor", "PrometheusRule"} & {document["kind"] for document in documents}
    for made, before in zip(documents, rendered(directory), strict=True):
        labels = made["metadata"].pop("labels")
        assert labels == before["metadata"].get("labels", {}) | RELEASE
        assert made == {**before, "metadata": _without_labels(before["metadata"])}


def _without_labels(metadata: Manifest) -> Manifest:
    return {name: value for name, value in metadata.items() if name != "labels"}


@requires_kubectl
@pytest.mark.parametrize("directory", [EXAMPLE, SCRAPED_STANDALONE], ids=str)
def test_the_image_comes_from_where_an_overlay_says(tmp_path: Path, directory: Path) -> None:
    """In every container of ours, the sidecar too."""
    copied = _copied(directory, tmp_path)
    file = copied / "kustomization.yaml"
    file.write_text(_uncommented(file.read_text(), "images"))
    text = yaml.safe_dump_all(rendered(copied))
    images = set(re.findall(r"image: (\S+)", text))
    assert images == {"registry.example/agent-exporter:0.1.0"}


@requires_kubectl
def test_the_namespace_becomes_the_job_by_the_patch_of_the_page(tmp_path: Path) -> None:
    """In place of the fixed one; the instance stays what it was."""
    copied = _copied(EXAMPLE, tmp_path)
    file = copied / "kustomization.yaml"
    patches = {"patches": _block_of_the_page("patches")}
    file.write_text(file.read_text() + yaml.safe_dump(patches))
    job, instance = _relabelings(rendered(copied))
    assert job == {"targetLabel": "job", "sourceLabels": ["__meta_kubernetes_namespace"]}
    assert instance == _relabelings(rendered(EXAMPLE))[1]


def _relabelings(documents: tuple[Manifest, ...]) -> list[Manifest]:
    (endpoint,) = of_kind(documents, "PodMonitor")["spec"]["podMetricsEndpoints"]
    found: list[Manifest] = endpoint["relabelings"]
    return found


def test_the_folder_of_the_dashboards_is_the_one_that_is_looked_for() -> None:
    """The annotation, and the value of Grafana's chart that names it."""
    made = yaml.safe_load((K8S / "../grafana/kustomization.yaml").read_text())
    values = _block_of_the_page("grafana")["sidecar"]["dashboards"]
    assert values["folderAnnotation"] in made["generatorOptions"]["annotations"]
    assert values["provider"]["foldersFromFilesStructure"] is True
