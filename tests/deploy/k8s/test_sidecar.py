"""The sidecar: native, no burden to its agent, and reached where it should be."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.deploy.k8s.manifests import (
    EXAMPLE,
    K8S,
    POD_MONITOR,
    Manifest,
    of_kind,
    pod_of,
    read,
    rendered,
    requires_kubectl,
    sidecar,
    with_sidecar,
)
from tests.deploy.k8s.served import config_of, ports_of

CONFIG = K8S / "base" / "exporter.yml"
POLICY = K8S / "components" / "network-policy" / "networkpolicy.yaml"
AGENT = EXAMPLE / "agent.yaml"

STOP_SECS = 5
AGENT_STOP_SECS = 30
"""What Kubernetes leaves a pod by default, and so the example leaves its agent."""


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)s", text)
    assert match is not None
    return timedelta(seconds=int(match[1])).total_seconds()


def test_it_is_a_native_sidecar() -> None:
    """An init container that restarts: it starts before the agent and is stopped after it."""
    assert sidecar()["restartPolicy"] == "Always"


def test_it_never_takes_its_agent_out_of_service() -> None:
    """A sidecar's readiness is the pod's; a hook before the stop runs before the agent's end."""
    assert not {"readinessProbe", "lifecycle"} & set(sidecar())


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe"])
def test_a_probe_asks_the_declared_port_by_its_number(probe: str) -> None:
    """Names of its ports are not known everywhere, and a second is too little for a busy node."""
    asked = sidecar()[probe]
    assert asked["httpGet"] == {"path": "/health", "port": sidecar()["ports"][0]["containerPort"]}
    assert asked["timeoutSeconds"] > 1


def test_what_is_bound_for_others_is_declared_and_pushes_are_not() -> None:
    """Metrics at the pod's address, pushes on its loopback alone."""
    outside, inside = ports_of(config_of(sidecar(), CONFIG))
    assert [port["containerPort"] for port in sidecar()["ports"]] == list(outside)
    assert len(inside) == 1
    assert config_of(sidecar(), CONFIG).ingest.require_auth


def test_the_example_pushes_where_pushes_are_taken() -> None:
    """Both variables name the port on the loopback."""
    config = config_of(sidecar(), CONFIG)
    (agent,) = pod_of(read(AGENT))["containers"]
    variables = {variable["name"]: variable["value"] for variable in agent["env"]}
    for name in ("AGENT_EXPORTER_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        assert variables[name] == f"http://{config.ingest.listen_address}"


def test_storage_lies_on_the_volume() -> None:
    """Below the mount, and within its limit whatever the journal holds between two snapshots."""
    config = config_of(sidecar(), CONFIG)
    mounts = {mount["name"]: mount for mount in sidecar()["volumeMounts"]}
    mount = mounts["agent-exporter-data"]
    assert config.storage.path.startswith(mount["mountPath"] + "/")
    assert not mount.get("readOnly", False)
    volumes = {volume["name"]: volume for volume in pod_of(with_sidecar(read(AGENT)))["volumes"]}
    limit = volumes["agent-exporter-data"]["emptyDir"]["sizeLimit"]
    assert int(limit.removesuffix("Mi")) * 2**20 > 16 * config.storage.snapshot_bytes


def test_there_is_time_for_the_agent_and_the_last_scrape() -> None:
    """A scrape comes while it lingers; the pod's grace holds the agent's stop, that and its own."""
    linger_secs = config_of(sidecar(), CONFIG).shutdown.linger_secs
    (endpoint,) = read(POD_MONITOR)["spec"]["podMetricsEndpoints"]
    scrape_secs = [_seconds(endpoint[name]) for name in ("scrapeTimeout", "interval")]
    grace_secs = pod_of(read(AGENT))["terminationGracePeriodSeconds"]
    for less, more in pairwise([*scrape_secs, linger_secs]):
        assert less < more
    assert linger_secs + STOP_SECS + AGENT_STOP_SECS <= grace_secs


def test_the_default_grace_is_enough_for_the_sidecar_alone() -> None:
    """The patch does not set it, since it is the agent's too: 30 s where nobody does."""
    patched = read(K8S / "components" / "sidecar" / "sidecar.yaml")["spec"]["template"]["spec"]
    assert "terminationGracePeriodSeconds" not in patched
    assert config_of(sidecar(), CONFIG).shutdown.linger_secs + STOP_SECS <= 30


def test_the_monitor_finds_the_port_by_its_name() -> None:
    """A port that is not named scrapes nothing, without a word; the label finds the pod."""
    monitor = read(POD_MONITOR)["spec"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert endpoint["port"] == sidecar()["ports"][0]["name"]
    assert len(endpoint["port"]) <= 15
    (requirement,) = monitor["selector"]["matchExpressions"]
    labels = with_sidecar(read(AGENT))["spec"]["template"]["metadata"]["labels"]
    assert labels[requirement["key"]] in requirement["values"]


def test_the_policy_lets_metrics_through_by_number() -> None:
    """From where Prometheus is, to the metrics and nothing else."""
    policy = read(POLICY)["spec"]
    outside, _ = ports_of(config_of(sidecar(), CONFIG))
    (rule,) = policy["ingress"]
    assert [port["port"] for port in rule["ports"]] == list(outside)
    labels = with_sidecar(read(AGENT))["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()


def test_annotations_name_the_same_port_and_path() -> None:
    """Where there is no operator, Prometheus is led to the same place."""
    patch: Manifest = read(K8S / "components" / "scrape-annotations" / "annotations.yaml")
    annotations = patch["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(sidecar()["ports"][0]["containerPort"])
    assert annotations["prometheus.io/path"] == "/metrics"


@requires_kubectl
def test_the_rendered_monitor_and_policy_are_in_the_agents_namespace() -> None:
    """Both see their own namespace only."""
    for kind in ("Deployment", "PodMonitor", "NetworkPolicy", "ConfigMap"):
        found = [one for one in rendered(EXAMPLE) if one["kind"] == kind]
        assert {one["metadata"]["namespace"] for one in found} == {"agents"}
    assert of_kind(rendered(EXAMPLE), "Namespace")["metadata"]["name"] == "agents"
