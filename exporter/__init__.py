"""agent-exporter: a Prometheus sidecar for AI agents."""

from importlib.metadata import version

__version__ = version("agent-exporter")
