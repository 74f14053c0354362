"""What an exporter counted of one agent, read from its `/metrics`."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families


class Totals:
    """The samples of one agent, as they are when this is made."""

    def __init__(self, url: str, agent: str) -> None:
        with urllib.request.urlopen(f"{url}/metrics") as response:  # noqa: S310 - http, ours
            text = response.read().decode()
        self._samples = [
            sample
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.labels.get("agent") == agent
        ]

    def by(self, label: str, name: str) -> dict[str, float]:
        """Return a family's values by one label, summed over the others, without those of 0."""
        values: dict[str, float] = {}
        for sample in self._samples:
            if sample.name == name and sample.value:
                key = sample.labels[label]
                values[key] = values.get(key, 0.0) + sample.value
        return values

    def sum(self, name: str) -> float:
        """Return the sum of all samples of a name."""
        return sum(self.by("agent", name).values())

    @property
    def outcomes(self) -> dict[str, float]:
        """Completions by outcome."""
        return self.by("outcome", "agent_completions_total")

    @property
    def tokens(self) -> dict[str, float]:
        """Tokens by part."""
        return self.by("type", "agent_tokens_total")

    @property
    def errors(self) -> dict[str, float]:
        """Failed completions by the type of their error."""
        return self.by("error_type", "agent_completion_errors_total")
