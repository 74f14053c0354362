"""What a cluster needs once: the rules as the operator takes them, and the dashboards."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.k8s.prometheus_rule import RULES, WRITTEN, manifest
from tests.deploy.k8s.manifests import (
    EXAMPLE,
    K8S,
    MONITORING,
    Manifest,
    read,
    rendered,
    requires_kubectl,
)

GRAFANA = Path("deploy/grafana")
SCRAPE = Path("deploy/prometheus/prometheus.kubernetes.yml")
CONFIG_MAP_BYTES_MAX = 1024 * 1024


each_file = pytest.mark.parametrize("path", sorted(RULES.glob("*.yml")), ids=lambda path: path.stem)


def test_the_operators_rules_are_up_to_date() -> None:
    """What is changed in the rules has to be written anew for the operator."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.k8s.prometheus_rule", "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@each_file
def test_the_operators_rules_are_prometheuss_own(path: Path) -> None:
    """Whoever runs the operator is alerted of the same, and kustomize takes the file."""
    rule = read(WRITTEN / f"{path.stem}.yaml")
    assert rule["spec"] == yaml.safe_load(path.read_text())
    assert f"{path.stem}.yaml" in read(MONITORING / "kustomization.yaml")["resources"]


@each_file
def test_groups_have_names_of_their_own(path: Path) -> None:
    """Kubernetes takes no two groups of a name in one PrometheusRule."""
    names = [group["name"] for group in read(WRITTEN / f"{path.stem}.yaml")["spec"]["groups"]]
    assert len(names) == len(set(names)) > 0


@pytest.mark.parametrize(
    "text", ["", "groups: []\n", "# a comment\n\nscrape_configs: []\ngroups:\n", "rules:\n"]
)
def test_what_is_no_file_of_rules_is_refused(text: str) -> None:
    """Rather than written as half a manifest."""
    with pytest.raises(ValueError, match="begins with `groups:`"):
        manifest("rules", text)


def test_the_monitor_names_things_as_the_scrape_configuration_does() -> None:
    """The same job, the same instances and the same port, whichever of the two is used."""
    (job,) = yaml.safe_load(SCRAPE.read_text())["scrape_configs"]
    (endpoint,) = read(K8S / "components" / "pod-monitor" / "podmonitor.yaml")["spec"][
        "podMetricsEndpoints"
    ]
    kept = {rule["regex"] for rule in job["relabel_configs"] if rule.get("action") == "keep"}
    assert kept == {endpoint["port"]}
    named, by_pod = endpoint["relabelings"]
    assert named == {"targetLabel": "job", "replacement": job["job_name"]}
    assert {
        "source_labels": by_pod["sourceLabels"],
        "separator": by_pod["separator"],
        "target_label": by_pod["targetLabel"],
    } in job["relabel_configs"]


def _generators() -> list[Manifest]:
    generators: list[Manifest] = read(GRAFANA / "kustomization.yaml")["configMapGenerator"]
    return generators


def test_every_dashboard_is_in_a_config_map_of_its_own() -> None:
    """And none is there that is gone."""
    (*files,) = (name for generator in _generators() for name in generator["files"])
    there = sorted(str(path.relative_to(GRAFANA)) for path in GRAFANA.glob("dashboards/*.json"))
    assert files == there
    assert all(len(generator["files"]) == 1 for generator in _generators())
    assert len({generator["name"] for generator in _generators()}) == len(there)


def test_a_dashboard_fits_its_config_map() -> None:
    """Kubernetes takes a mebibyte; a name is what DNS takes."""
    for generator in _generators():
        (file,) = generator["files"]
        assert (GRAFANA / file).stat().st_size < CONFIG_MAP_BYTES_MAX
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", generator["name"])


@requires_kubectl
def test_dashboards_are_labelled_for_grafanas_sidecar() -> None:
    """It looks for the label, and puts them into the folder; each is JSON still."""
    maps = [one for one in rendered(MONITORING) if one["kind"] == "ConfigMap"]
    assert len(maps) == len(_generators())
    for config_map in maps:
        assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert config_map["metadata"]["annotations"]["grafana_folder"]
        ((name, text),) = config_map["data"].items()
        assert json.loads(text) == json.loads((GRAFANA / "dashboards" / name).read_text())


@requires_kubectl
def test_rules_are_there_once_and_not_beside_every_agent() -> None:
    """Twice the same recording rule makes twice the same series, and two alerts of one thing."""
    rules = [one for one in rendered(MONITORING) if one["kind"] == "PrometheusRule"]
    assert {rule["metadata"]["namespace"] for rule in rules} == {"monitoring"}
    assert len(rules) == len(list(RULES.glob("*.yml")))
    assert "PrometheusRule" not in {one["kind"] for one in rendered(EXAMPLE)}
