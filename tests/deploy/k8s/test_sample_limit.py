"""A scrape stays below the PodMonitor's limit by the exporter's own bounds, whatever is pushed.

Prometheus drops a scrape that exceeds the limit as a whole, so that whoever makes up label values
could blind it; the exporter folds them together instead.
"""

from pathlib import Path

from exporter.config import Config
from exporter.metrics.catalogue import CATALOGUE, Family
from tests.deploy.k8s.manifests import (
    K8S,
    POD_MONITOR,
    SCRAPED_STANDALONE,
    STANDALONE,
    Manifest,
    of_kind,
    read,
    rendered,
    requires_kubectl,
    sidecar,
    standalone,
)
from tests.deploy.k8s.served import config_of

OWN_SAMPLES = 1_000
"""More than all there is about the exporter itself: what is pushed does not make it grow."""


def _samples_max(container: Manifest, file: Path) -> int:
    """Return how many samples the agents' families come to, as OpenMetrics, which has the most."""
    config = config_of(container, file)
    pushed = [family for family in CATALOGUE if family.open_labels]
    return OWN_SAMPLES + sum(_samples_of(family, config) for family in pushed)


def _samples_of(family: Family, config: Config) -> int:
    created = family.type != "gauge"
    each = family.sets_per_open_set * (family.lines_per_label_set + created)
    return config.metrics.label_sets_max * each


def test_a_sidecar_stays_below_the_limit() -> None:
    """With the label sets that its configuration lets a family have."""
    limit = read(POD_MONITOR)["spec"]["sampleLimit"]
    assert _samples_max(sidecar(), K8S / "base" / "exporter.yml") <= limit == 50_000


@requires_kubectl
def test_the_standalone_one_stays_below_the_limit_of_its_overlay() -> None:
    """It has the default budgets, and so the overlay raises the limit."""
    limit = of_kind(rendered(SCRAPED_STANDALONE), "PodMonitor")["spec"]["sampleLimit"]
    assert _samples_max(standalone(), STANDALONE / "exporter.yml") <= limit


def test_the_page_says_what_is_set() -> None:
    """The limit, and what keeps a sidecar below it."""
    text = Path("docs/operations.md").read_text()
    config = config_of(sidecar(), K8S / "base" / "exporter.yml")
    assert f"`sampleLimit: {read(POD_MONITOR)['spec']['sampleLimit']}`" in text
    assert f"`metrics.label_sets_max: {config.metrics.label_sets_max}`" in text
