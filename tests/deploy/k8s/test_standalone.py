"""The standalone exporter: one owner of its state, reached by its Service, with a token."""

from tests.deploy.k8s.manifests import (
    K8S,
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
DEPLOYMENT = STANDALONE / "deployment.yaml"
LABELS = read(DEPLOYMENT)["spec"]["template"]["metadata"]["labels"]


def test_selectors_match_the_pods_labels() -> None:
    """Of the Deployment, the Service, the policy and the monitor."""
    selectors = [
        read(DEPLOYMENT)["spec"]["selector"]["matchLabels"],
        read(STANDALONE / "service.yaml")["spec"]["selector"],
        read(STANDALONE / "networkpolicy.yaml")["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector
        assert selector.items() <= LABELS.items()
    monitor = read(K8S / "components" / "pod-monitor" / "podmonitor.yaml")["spec"]
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
    specification = read(DEPLOYMENT)["spec"]
    assert specification["replicas"] == 1
    assert specification["strategy"] == {"type": "Recreate"}
    config = config_of(standalone(), CONFIG)
    (mount,) = (mount for mount in standalone()["volumeMounts"] if mount["name"] == "data")
    assert config.storage.path.startswith(mount["mountPath"] + "/")
    assert config.storage.sync == "full"
    pod = pod_of(read(DEPLOYMENT))
    (volume,) = (volume for volume in pod["volumes"] if volume["name"] == "data")
    claim = read(STANDALONE / "persistentvolumeclaim.yaml")["metadata"]["name"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim
    assert pod["securityContext"]["fsGroup"] == standalone()["securityContext"]["runAsGroup"]


def test_pushes_need_the_token_of_the_secret() -> None:
    """It is mounted where the configuration looks for it, and it does not start without."""
    config = config_of(standalone(), CONFIG)
    assert config.ingest.require_auth
    (mount,) = (mount for mount in standalone()["volumeMounts"] if mount["name"] == "token")
    assert config.ingest.token_file == f"{mount['mountPath']}/token"
    (volume,) = (
        volume for volume in pod_of(read(DEPLOYMENT))["volumes"] if volume["name"] == "token"
    )
    said = (STANDALONE / "kustomization.yaml").read_text()
    secret = volume["secret"]["secretName"]
    assert f"kubectl create secret generic {secret} --from-literal=token=" in said
    # Its group may read it, and nobody else.
    assert volume["secret"]["defaultMode"] == 0o440


def test_there_is_time_for_the_last_scrape() -> None:
    """20 s of lingering and 5 to stop, within the pod's grace."""
    linger_secs = config_of(standalone(), CONFIG).shutdown.linger_secs
    assert 0 < linger_secs + 5 < pod_of(read(DEPLOYMENT))["terminationGracePeriodSeconds"]


@requires_kubectl
def test_the_configuration_is_rendered_by_its_hash() -> None:
    """A changed configuration rolls out."""
    documents = rendered(STANDALONE)
    name = of_kind(documents, "ConfigMap")["metadata"]["name"]
    volumes = pod_of(of_kind(documents, "Deployment"))["volumes"]
    assert [volume["configMap"]["name"] for volume in volumes if "configMap" in volume] == [name]
