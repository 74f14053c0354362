"""The standalone exporter: one owner of its state, reached by its Service, with a token."""

from tests.deploy.k8s.manifests import (
    POD_MONITOR,
    SCRAPED_STANDALONE,
    STANDALONE,
    of_kind,
    pod_of,
    read,
    rendered,
    requires_kubectl,
    standalone,
)
from tests.deploy.k8s.served import config_of, ports_of

CONFIG = STANDALONE / "exporter.yml"
STATEFUL_SET = STANDALONE / "statefulset.yaml"
LABELS = read(STATEFUL_SET)["spec"]["template"]["metadata"]["labels"]


def test_selectors_match_the_pods_labels() -> None:
    """Of the StatefulSet, the Service, the policy and the monitor."""
    selectors = [
        read(STATEFUL_SET)["spec"]["selector"]["matchLabels"],
        read(STANDALONE / "service.yaml")["spec"]["selector"],
        read(STANDALONE / "networkpolicy.yaml")["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector
        assert selector.items() <= LABELS.items()
    monitor = read(POD_MONITOR)["spec"]
    (requirement,) = monitor["selector"]["matchExpressions"]
    assert LABELS[requirement["key"]] in requirement["values"]
    assert monitor["podMetricsEndpoints"][0]["port"] == standalone()["ports"][0]["name"]


def test_one_port_is_bound_declared_and_led_to() -> None:
    """By the flags, the container, the Service, the policy and the probes."""
    bound, inside = ports_of(config_of(standalone(), CONFIG))
    assert not inside
    (port,) = bound
    assert [declared["containerPort"] for declared in standalone()["ports"]] == [port]
    (service,) = read(STANDALONE / "service.yaml")["spec"]["ports"]
    assert (service["port"], service["targetPort"]) == (port, port)
    (rule,) = read(STANDALONE / "networkpolicy.yaml")["spec"]["ingress"]
    assert [allowed["port"] for allowed in rule["ports"]] == [port]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert standalone()[probe]["httpGet"]["port"] == port


def test_it_is_ready_only_while_it_takes_pushes() -> None:
    """And alive whatever its disk is like."""
    assert standalone()["readinessProbe"]["httpGet"]["path"] == "/-/ready"
    assert standalone()["livenessProbe"]["httpGet"]["path"] == "/health"


def test_its_state_has_one_owner() -> None:
    """One pod, gone before the next comes; a volume that outlives both, and is theirs to write."""
    specification = read(STATEFUL_SET)["spec"]
    assert read(STATEFUL_SET)["kind"] == "StatefulSet"
    assert specification["replicas"] == 1
    config = config_of(standalone(), CONFIG)
    (mount,) = (mount for mount in standalone()["volumeMounts"] if mount["name"] == "data")
    assert config.storage.path.startswith(mount["mountPath"] + "/")
    assert config.storage.sync == "full"
    (claim,) = specification["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == mount["name"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    # Else it would go with the StatefulSet.
    assert "persistentVolumeClaimRetentionPolicy" not in specification
    pod = pod_of(read(STATEFUL_SET))
    assert pod["securityContext"]["fsGroup"] == standalone()["securityContext"]["runAsGroup"]


def test_pushes_need_the_token_of_the_secret() -> None:
    """It is mounted where the configuration looks for it, and it does not start without."""
    config = config_of(standalone(), CONFIG)
    assert config.ingest.require_auth
    (mount,) = (mount for mount in standalone()["volumeMounts"] if mount["name"] == "token")
    assert config.ingest.token_file == f"{mount['mountPath']}/token"
    (volume,) = (
        volume for volume in pod_of(read(STATEFUL_SET))["volumes"] if volume["name"] == "token"
    )
    said = (STANDALONE / "kustomization.yaml").read_text()
    secret = volume["secret"]["secretName"]
    assert f"kubectl create secret generic {secret} --from-literal=token=" in said
    # Its group may read it, and nobody else.
    assert volume["secret"]["defaultMode"] == 0o440


def test_its_counters_keep_their_series_over_a_rollout() -> None:
    """The instance goes by the pod's name, and nothing else of the pod becomes a label."""
    specification = read(STATEFUL_SET)["spec"]
    assert specification["serviceName"] == read(STANDALONE / "service.yaml")["metadata"]["name"]
    (endpoint,) = read(POD_MONITOR)["spec"]["podMetricsEndpoints"]
    instance = [rule for rule in endpoint["relabelings"] if rule["targetLabel"] == "instance"]
    sources = [rule["sourceLabels"] for rule in instance]
    assert sources == [["__meta_kubernetes_namespace", "__meta_kubernetes_pod_name"]]
    assert {rule["targetLabel"] for rule in endpoint["relabelings"]} == {"job", "instance"}


def test_it_makes_way_for_its_successor_at_once() -> None:
    """Nobody can push meanwhile, and the next scrape finds the same counters."""
    assert config_of(standalone(), CONFIG).shutdown.linger_secs == 0
    pod = pod_of(read(STATEFUL_SET))
    # It stops within 5 s.
    assert pod.get("terminationGracePeriodSeconds", 30) > 5


def test_a_rollout_that_fails_does_not_have_to_be_deleted_by_hand() -> None:
    """In order, a StatefulSet waits for ever for a pod that does not become ready."""
    assert read(STATEFUL_SET)["spec"]["podManagementPolicy"] == "Parallel"


@requires_kubectl
def test_its_overlay_has_it_scraped() -> None:
    """All that it is by itself, and a monitor in the same namespace that selects its pod."""
    documents = rendered(SCRAPED_STANDALONE)
    kinds = [document["kind"] for document in documents]
    assert sorted(kinds) == sorted([*(one["kind"] for one in rendered(STANDALONE)), "PodMonitor"])
    (namespace,) = {document["metadata"]["namespace"] for document in documents}
    said = (SCRAPED_STANDALONE / "kustomization.yaml").read_text()
    assert f"kubectl -n {namespace} create secret generic agent-exporter-token" in said
    (requirement,) = of_kind(documents, "PodMonitor")["spec"]["selector"]["matchExpressions"]
    pods = of_kind(documents, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert pods[requirement["key"]] in requirement["values"]


@requires_kubectl
def test_the_configuration_is_rendered_by_its_hash() -> None:
    """A changed configuration rolls out."""
    documents = rendered(STANDALONE)
    name = of_kind(documents, "ConfigMap")["metadata"]["name"]
    volumes = pod_of(of_kind(documents, "StatefulSet"))["volumes"]
    assert [volume["configMap"]["name"] for volume in volumes if "configMap" in volume] == [name]
