"""What a running exporter says it has counted."""

import json
import urllib.parse
import urllib.request
from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def ask(url: str, path: str, **query: object) -> dict[str, Any]:
    """Return the JSON answer of a path."""
    address = f"{url}{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(address) as response:  # noqa: S310 - http, ours
        answer: dict[str, Any] = json.load(response)
        return answer


def counted(url: str, name: str, **labels: str) -> float:
    """Return the sum of the samples of this name that carry these labels."""
    with urllib.request.urlopen(f"{url}/metrics") as response:  # noqa: S310 - as above
        text = response.read().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
