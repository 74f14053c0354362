"""What holds for every container: as little as it needs, and an image that says which one it is."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.deploy.k8s.manifests import (
    EXAMPLE,
    STANDALONE,
    Manifest,
    containers_of,
    pod_of,
    read,
    with_sidecar,
)

VERSION = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]

PODS = {
    "example": pod_of(with_sidecar(read(EXAMPLE / "agent.yaml"))),
    "standalone": pod_of(read(STANDALONE / "statefulset.yaml")),
}
CLAIMS = {
    claim["metadata"]["name"]
    for claim in read(STANDALONE / "statefulset.yaml")["spec"]["volumeClaimTemplates"]
}
CONTAINERS = {
    f"{pod}/{container['name']}": container
    for pod, specification in PODS.items()
    for container in containers_of(specification)
}

each_container = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
each_pod = pytest.mark.parametrize("pod", PODS.values(), ids=PODS)


def test_there_are_as_many_containers_as_are_meant() -> None:
    """Or one of them would not be looked at."""
    assert set(CONTAINERS) == {
        "example/agent-exporter",
        "example/agent",
        "standalone/agent-exporter",
    }


@each_container
def test_a_container_is_hardened(container: Manifest) -> None:
    """It keeps to the standard `restricted`, and writes nowhere but where a volume is."""
    assert container["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


@each_pod
def test_a_pod_asks_the_node_and_the_cluster_for_nothing(pod: Manifest) -> None:
    """No namespace and no directory of the node's, and no token of a service account."""
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert pod["automountServiceAccountToken"] is False
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "emptyDir", "secret", "persistentVolumeClaim"}


@each_container
def test_an_image_is_pinned_to_this_version(container: Manifest) -> None:
    """A tag, not `latest`, and the one that is built from here."""
    assert container["image"] == f"agent-exporter:{VERSION}"


@each_container
def test_memory_is_limited_and_cpu_is_not(container: Manifest) -> None:
    """A container that is throttled holds up who waits for it."""
    resources = container["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}
    for amount in (resources["requests"]["memory"], resources["limits"]["memory"]):
        assert re.fullmatch(r"[1-9]\d*(Mi|Gi)", amount)


@each_pod
def test_every_mount_has_its_volume(pod: Manifest) -> None:
    """By name; and no volume lies unused, of a StatefulSet's templates neither."""
    mounted = {
        mount["name"] for container in containers_of(pod) for mount in container["volumeMounts"]
    }
    claimed = CLAIMS if pod is PODS["standalone"] else set()
    assert mounted == {volume["name"] for volume in pod["volumes"]} | claimed
