"""Providers by OpenTelemetry's names, whatever an agent or a library calls them.

The names are those of `gen_ai.provider.name` in OpenTelemetry's semantic conventions. Beside its
retired values, the table knows the provider ids of models.dev, which opencode and Pi use, and those
of LiteLLM. A provider that is not in it keeps its name.
"""

from typing import Final

_NAMES: Final = {
    "amazon-bedrock": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "azure-cognitive-services": "azure.ai.openai",
    "azure-openai-responses": "azure.ai.openai",
    "az.ai.openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "azure_ai": "azure.ai.inference",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "google-gemini-cli": "gcp.gemini",
    "google-vertex": "gcp.vertex_ai",
    "google-vertex-anthropic": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "openai-codex": "openai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
    # Older instrumentations write these with capitals.
    "openai": "openai",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "groq": "groq",
}


def provider_name(given: str | None) -> str | None:
    """Return OpenTelemetry's name of a provider; `None` where none is given."""
    return _NAMES.get(given.lower(), given) if given else None
