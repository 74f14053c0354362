"""Boards tell of exporters and of nothing else, and say what is well when it is.

The Prometheus of these tests scrapes itself, too, and a database that is down.
"""

import time

import pytest

from tests.deploy.grafana.boards import BOARDS, Json, Target, panels, targets
from tests.deploy.grafana.scraped import GONE, WELL, Scraped, numbers
from tests.e2e.processes import eventually, push, query
from tests.prometheus import requires_prometheus

CALL: Json = {
    "type": "completion",
    "agent": "reviewer",
    "provider": "acme",
    "model": "acme-large",
    "latency_ms": 300,
}
"""All that an agent has to tell of a call, and it succeeded."""

PROVIDER_LIMITED: Json = {
    "type": "quota",
    "agent": "reviewer",
    "window": "5h",
    "used_ratio": 1,
    "limited": True,
    "resets_at": 4_000_000_000,
}

pytestmark = [requires_prometheus, pytest.mark.prometheus]


@pytest.mark.parametrize("uid", ["agent-live-ops", "agent-exporter"])
def test_only_exporters_are_down(scraped: Scraped, uid: str) -> None:
    """The one that ended; the database that is down has a board of its own."""
    assert scraped.tile(uid, "Exporters down") == 1
    assert scraped.tile(uid, "Exporters down", job=GONE) == 1


def test_only_exporters_are_up(scraped: Scraped) -> None:
    """Two, and not Prometheus, which scrapes itself."""
    assert scraped.tile("agent-exporter", "Exporters up") == 2


@pytest.mark.parametrize("title", ["CPU", "Memory", "Files and configuration"])
def test_only_exporters_use_what_processes_use(scraped: Scraped, title: str) -> None:
    """Prometheus tells the same of itself."""
    (panel,) = (each for each in panels(BOARDS["agent-exporter"]) if each["title"] == title)
    target = Target("agent-exporter", panel, panel["targets"][0])
    told = query(scraped.url, "last_over_time(agent_exporter_build_info[1h])")
    assert told is not None
    instances = {labels["instance"] for labels in told}
    assert len(instances) == 3
    assert {labels["instance"] for labels in scraped.series(target)} <= instances


def test_the_table_of_exporters_has_exporters(scraped: Scraped) -> None:
    """Columns of what every process tells have no rows more."""
    for target in targets(BOARDS["agent-exporter"]):
        if target.panel["title"] == "Exporters":
            jobs = {labels["job"] for labels in scraped.series(target)}
            assert not jobs & {"prometheus", "database"}


def test_no_traffic_is_said_only_where_there_is_none(scraped: Scraped) -> None:
    """An agent that calls one model and tells no more than it must, without any error.

    What has no answer then has words of its own: no errors, no quota known, not told.
    """
    silent = {
        str(target): target
        for board in BOARDS.values()
        for target in targets(board)
        if target.panel["fieldConfig"]["defaults"].get("noValue") == "No traffic"
        and target.panel["type"] != "table"
    }
    assert silent
    while silent and time.monotonic() < scraped.deadline:
        assert push(scraped.well, [CALL])["accepted"] == 1
        time.sleep(0.2)
        answered = [name for name, target in silent.items() if scraped.asked(target, WELL)]
        silent = {name: target for name, target in silent.items() if name not in answered}
    assert not silent


def test_a_provider_that_refuses_everything_is_not_counted_with_its_models(
    scraped: Scraped,
) -> None:
    """Two models are limited with their provider, and one provider of which none is known."""
    calls = [{**CALL, "provider": "all", "model": model} for model in ("one", "two")]
    limits = [{**PROVIDER_LIMITED, "provider": provider} for provider in ("all", "unused")]
    assert push(scraped.well, [*calls, *limits])["accepted"] == 4
    limited = f'agent_rate_limited{{job="{WELL}"}} == 1'
    eventually(lambda: len(query(scraped.url, limited) or {}) == 4 or None, "the limits")
    assert scraped.tile("agent-live-ops", "Models limited", job=WELL) == 3


def test_an_overdrawn_quota_is_told_until_it_is_renewed(scraped: Scraped) -> None:
    """The fullest one of those that were not renewed since."""
    quota = {**PROVIDER_LIMITED, "provider": "overdrawn", "used_ratio": 1.25, "limited": False}
    assert push(scraped.well, [quota])["accepted"] == 1
    used = f'agent_quota_used_ratio{{job="{WELL}"}} == 1.25'
    eventually(lambda: query(scraped.url, used), "the quota")
    (target,) = (
        each for each in targets(BOARDS["agent-live-ops"]) if each.panel["title"] == "Quotas"
    )
    told = [numbers(row) for row in scraped.asked(target, WELL)]
    assert [1.25] in told
