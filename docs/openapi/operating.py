"""What Prometheus scrapes, what probes ask, and the reload."""

from typing import Final

from docs.openapi import examples
from docs.openapi.examples_answered import HEALTH
from docs.openapi.operation import (
    ANYBODY,
    PUSHERS,
    Operation,
    Paths,
    operation,
)
from docs.openapi.plain import Schema, ref
from docs.openapi.responses import (
    GUARDED,
    OPEN,
    TOO_MANY_CONNECTIONS,
    answer,
    problem,
    shared,
)

TAG: Final = "operating"


def paths() -> Paths:
    """Return the operations by path and method."""
    return {
        "/metrics": {"get": _metrics()},
        "/health": {"get": _health()},
        "/-/healthy": {"get": _healthy()},
        "/-/ready": {"get": _ready()},
        "/-/reload": {"post": _reload("reload"), "put": _reload("reloadByPut")},
    }


def _metrics() -> Operation:
    text = {"schema": {"type": "string"}, "example": examples.TEXT}
    openmetrics = {"schema": {"type": "string"}, "example": examples.OPENMETRICS}
    return operation(
        "getMetrics",
        "All metrics, for Prometheus",
        tag=TAG,
        description="By `Accept`: text 0.0.4 and 1.0.0, OpenMetrics 1.0.0 with exemplars; "
        "gzipped where `Accept-Encoding` allows it.",
        responses={
            "200": answer(
                "As of now.",
                {"text/plain": text, "application/openmetrics-text": openmetrics},
                "Vary",
            ),
            "400": shared("MalformedRequest"),
            **GUARDED,
        },
    )


def _probe(name: str, summary: str, content: dict[str, Schema]) -> Operation:
    return operation(
        name,
        summary,
        tag=TAG,
        responses={
            "200": answer("It is.", content),
            "400": shared("MalformedRequest"),
            **OPEN,
        },
        security=ANYBODY,
    )


def _health() -> Operation:
    return operation(
        "getHealth",
        "How the exporter is",
        tag=TAG,
        description="200 while the process can answer at all; never behind authentication.",
        responses={
            "200": answer(
                "`ok`, or `degraded` where a check is not.",
                {"application/json": {"schema": ref("Health"), "example": HEALTH}},
                "Cache-Control",
            ),
            "400": shared("MalformedRequest"),
            **OPEN,
        },
        security=ANYBODY,
    )


def _healthy() -> Operation:
    content = _line("agent-exporter is healthy.\n")
    return _probe("isHealthy", "Whether the process can answer", content)


def _ready() -> Operation:
    content = _line("agent-exporter is ready.\n")
    probe = _probe("isReady", "Whether pushes are taken", content)
    unready = problem("It does not take pushes, or too many are connected.", [TOO_MANY_CONNECTIONS])
    unready["content"] |= _line("agent-exporter is not ready.\n")
    probe["responses"]["503"] = unready
    return probe


def _line(text: str) -> dict[str, Schema]:
    return {"text/plain": {"schema": {"type": "string", "const": text}}}


def _reload(name: str) -> Operation:
    return operation(
        name,
        "Read the configuration anew",
        tag=TAG,
        description="Where `web.enable_lifecycle` allows it, else 403.",
        responses={
            **GUARDED,
            "200": answer("The new configuration is in force.", _line("ok\n")),
            "400": shared("MalformedRequest"),
            "500": problem(
                "The configuration cannot be used, as `detail` tells, and everything stays as it "
                "was; or a fault of the exporter's own.",
                ["config_invalid", "internal_error"],
            ),
        },
        security=PUSHERS,
    )
