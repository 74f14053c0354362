"""What a strict parser makes of a scrape."""

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from tests.hostile.raw import Answer


def families(answer: Answer) -> dict[str, Metric]:
    """Return the families of an answer by name, read as the form that it says it is."""
    media_type = answer.headers["content-type"].partition(";")[0]
    text = answer.body.decode()
    if media_type == "text/plain":
        found = list(plain_text(text))
    else:
        assert media_type == "application/openmetrics-text"
        found = list(open_metrics(text))  # type: ignore[no-untyped-call] # as above
    return {family.name: family for family in found}
