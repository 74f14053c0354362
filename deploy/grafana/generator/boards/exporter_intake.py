"""Exporter: what comes in, and what does not get in."""

from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import timeseries
from deploy.grafana.generator.queries import Query, quantile, rate, select, total
from exporter.metrics.catalogue import (
    CONNECTIONS_REFUSED,
    EVENTS,
    LATE_EVENTS,
    OTLP_RECORDS,
    PUSH_DURATION,
    PUSH_REQUESTS,
    QUEUE_EVENTS,
    REJECTIONS,
    REQUESTS_REFUSED,
    UNKNOWN_FIELDS,
)

_ACCEPTED: Final = 'result="accepted"'


def pushes() -> list[Json]:
    """Return the panels of events and pushes."""
    return [
        timeseries(
            "Events by result",
            "Events pushed a second: a duplicate was counted before, a rejected one not at all.",
            Query(rate(EVENTS, by="result"), "{{result}}"),
            "cps",
            colours=looks.RESULTS,
            stacked=True,
        ),
        timeseries(
            "Events by source and type",
            "Events accepted a second, the ten most frequent kinds.",
            Query(
                f"topk(10, {rate(EVENTS, _ACCEPTED, by='source, type')})",
                "{{source}} {{type}}",
            ),
            "cps",
            stacked=True,
            none=looks.NO_PUSHES,
        ),
        timeseries(
            "Duration of pushes",
            "From the headers of a push to its answer, which comes after the commit.",
            [
                Query(quantile(0.5, PUSH_DURATION), "p50"),
                Query(quantile(0.95, PUSH_DURATION), "p95"),
                Query(quantile(0.99, PUSH_DURATION), "p99"),
            ],
            "s",
            colours=looks.QUANTILES,
            none=looks.NO_PUSHES,
        ),
        timeseries(
            "Telemetry records",
            "OpenTelemetry records a second; what says nothing that counts here is ignored.",
            Query(rate(OTLP_RECORDS, by="signal, result"), "{{signal}} {{result}}"),
            "cps",
        ),
    ]


def refusals() -> list[Json]:
    """Return the panels of what did not get in."""
    return [
        timeseries(
            "Answers to pushes",
            "Pushes a second by status code: 2xx counted, 4xx is the sender's to mend, 5xx ours.",
            [
                Query(rate(PUSH_REQUESTS, 'code=~"2.."'), "2xx"),
                Query(rate(PUSH_REQUESTS, 'code=~"4.."'), "4xx"),
                Query(rate(PUSH_REQUESTS, 'code=~"5.."'), "5xx"),
            ],
            "reqps",
            colours=looks.CODES,
            stacked=True,
        ),
        timeseries(
            "Rejections by reason",
            "Events and whole pushes that were refused, a second.",
            Query(f"topk(10, {rate(REJECTIONS, by='code')})", "{{code}}"),
            "cps",
        ),
        timeseries(
            "Turned away",
            "Requests refused before they were looked at, and connections, a second.",
            [
                Query(rate(REQUESTS_REFUSED, by="code"), "{{code}}"),
                Query(rate(CONNECTIONS_REFUSED), "connections"),
            ],
            "reqps",
        ),
        timeseries(
            "Waiting to be counted",
            "Events taken in and not yet committed: near the limit, pushes are answered 429.",
            [
                Query(total(select(QUEUE_EVENTS)), "waiting"),
                Query(f"{rate(LATE_EVENTS)} * 60", "late, a minute"),
                Query(f"{rate(UNKNOWN_FIELDS)} * 60", "unknown fields, a minute"),
            ],
            "short",
        ),
    ]
