"""Facts about what providers are called."""

import pytest

from exporter.agents.providers import provider_name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("anthropic", "anthropic"),
        ("Anthropic", "anthropic"),
        ("openai", "openai"),
        ("google", "gcp.gemini"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("amazon-bedrock", "aws.bedrock"),
        ("az.ai.openai", "azure.ai.openai"),
        ("xai", "x_ai"),
        ("openrouter", "openrouter"),
        ("My.Own", "My.Own"),
        ("", None),
        (None, None),
    ],
)
def test_the_name_of_a_provider(given: str | None, name: str | None) -> None:
    """It is OpenTelemetry's where there is one, and else the one that was given."""
    assert provider_name(given) == name
