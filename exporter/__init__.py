"""A Prometheus sidecar for AI agents: they push what happened, Prometheus scrapes it."""


def __getattr__(name: str) -> str:
    """Look the version up once it is asked for: that takes longer than to import the client."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version  # noqa: PLC0415 - as above

    return version("agent-exporter")
