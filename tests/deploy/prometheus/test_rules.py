"""The rules, the alerts and the scrape configurations, held to promtool and to the catalogue."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.prometheus.families import SAMPLES, unknown_labels, unknown_values
from tests.deploy.prometheus.promql import Selector, selectors
from tests.prometheus import requires_prometheus

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "deploy/prometheus"
RUNBOOKS = ROOT / "docs/runbooks.md"
CASES = sorted((Path(__file__).parent / "rules").glob("*.yml"))

RULES: list[dict[str, Any]] = [
    rule
    for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    command = ["promtool", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def asked_for(rules: list[dict[str, Any]]) -> list[Selector]:
    """Return the selectors of all rules, those of what is recorded here left out."""
    found = [selector for rule in rules for selector in selectors(rule["expr"])]
    return [selector for selector in found if selector.metric not in RECORDED]


@requires_prometheus
@pytest.mark.prometheus
def test_promtool_finds_nothing_amiss() -> None:
    """All its lints, and each is an error."""
    done = run("check", "rules", "--lint=all", "--lint-fatal", *PROMETHEUS.glob("rules/*.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


@requires_prometheus
@pytest.mark.prometheus
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should(path: Path) -> None:
    """As promtool plays it, with annotations and all; and not when they should not."""
    done = run("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_tried_both_ways(alert: dict[str, Any]) -> None:
    """For each there is a case in which it fires and one in which it does not."""
    tried = [
        bool(case["exp_alerts"])
        for path in CASES
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert["alert"]
    ]
    assert set(tried) == {True, False}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    """It has a severity, a summary, a description, and a section in the runbooks."""
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["description"].endswith(".")
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert ROOT / page == RUNBOOKS
    (section,) = [text for text in sections() if text.lower().startswith(f"{anchor}\n")]
    assert alert["alert"].startswith(section.partition("\n")[0])
    assert all(part in section for part in ("**Means.**", "**Look.**", "**Do.**"))


def test_the_address_of_the_runbooks_is_put_in_with_one_command() -> None:
    """That of the comment at the top: Alertmanager makes no link of an address without a host."""
    text = (PROMETHEUS / "rules/alerts.yml").read_text()
    ((old, new),) = re.findall(r"^#   sed -i 's\|(.+)\|(.+)\|' alerts\.yml$", text, re.MULTILINE)
    alerts = [line for line in text.splitlines() if not line.startswith("#")]
    assert sum(line.strip().startswith(old) for line in alerts) == len(ALERTS)
    put_in = yaml.safe_load("\n".join(alerts).replace(old, new))
    urls = [
        rule["annotations"]["runbook_url"] for group in put_in["groups"] for rule in group["rules"]
    ]
    assert all(re.match(r"https://\S+/docs/runbooks\.md#\w+$", url) for url in urls)


def test_a_scalar_is_made_of_no_more_than_one_series() -> None:
    """Of two, or of none, it is NaN, and the alert is silent for ever."""
    for alert in ALERTS:
        assert "scalar(" not in alert["expr"].replace("scalar(max(", "")


def sections() -> list[str]:
    """Return the sections of the runbooks, each from its heading on."""
    return RUNBOOKS.read_text().split("\n## ")[1:]


def test_a_runbook_is_of_an_alert() -> None:
    """No section outlives its alert, and the table at the top has every alert."""
    headings = [section.partition("\n")[0] for section in sections()]
    anchors = {alert["annotations"]["runbook_url"].partition("#")[2] for alert in ALERTS}
    assert {heading.lower() for heading in headings} == anchors
    table = RUNBOOKS.read_text().partition("\n## ")[0]
    assert set(re.findall(r"\]\(#(\w+)\)", table)) == anchors


def test_a_command_can_be_pasted() -> None:
    """A shell reads the `?` of an address that is not quoted as a pattern for files."""
    assert not re.findall(r"curl [^'`\n]*\?", RUNBOOKS.read_text())


def test_a_runbook_asks_for_what_is_there() -> None:
    """In its queries, and wherever it names a metric or what is recorded."""
    page = RUNBOOKS.read_text()
    queries = [line for line in page.splitlines() if re.match(r"    \w", line)]
    assert queries
    for selector in [selector for query in queries for selector in selectors(query)]:
        assert not unknown_labels(selector)
        assert not unknown_values(selector)
    named = set(re.findall(r"`(agent_\w+|agent:[\w:]+)(?:`|{)", page))
    assert named <= set(SAMPLES) | set(RECORDED)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_a_text_names_only_labels_that_are_left(alert: dict[str, Any]) -> None:
    """A label that an alert adds, or that was summed away, would show as nothing."""
    named = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
    assert named <= kept(alert["expr"])


def kept(expr: str) -> set[str]:
    """Return the labels that are left: those of the outermost `by`, or of the first selector."""
    found = selectors(expr)
    if not found:
        return set()
    first = found[0]
    if first.metric in RECORDED:
        return kept(RECORDED[first.metric])
    by = [set(call.by) for call in first.calls if call.by]
    if by:
        return by[0]
    family = SAMPLES.get(first.metric)
    return {"job", "instance", *(family.labels if family else ())}


@pytest.mark.parametrize("selector", asked_for(RULES), ids=lambda each: each.metric)
def test_what_a_rule_asks_for_is_there(selector: Selector) -> None:
    """The metric, its labels, and the values of closed ones, a bucket's boundary included."""
    assert selector.metric in SAMPLES
    assert not unknown_labels(selector)
    assert not unknown_values(selector)


def test_what_is_recorded_is_used() -> None:
    """No rule is evaluated for nothing."""
    used = {selector.metric for rule in ALERTS for selector in selectors(rule["expr"])}
    assert set(RECORDED) == used & set(RECORDED)


def test_counters_are_only_asked_how_they_grew() -> None:
    """The value of a counter says nothing: it begins at 0 when it likes."""
    for selector in asked_for(RULES):
        if SAMPLES[selector.metric].type != "gauge":
            assert {call.name for call in selector.calls} & {"rate", "increase"}, selector


@requires_prometheus
@pytest.mark.prometheus
def test_prometheus_takes_the_scrape_configuration() -> None:
    """And finds the rules that it names."""
    done = run("check", "config", PROMETHEUS / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rule files found" in done.stdout


@requires_prometheus
@pytest.mark.prometheus
def test_prometheus_takes_the_configuration_for_kubernetes(tmp_path: Path) -> None:
    """But for the discovery, which Debian's Prometheus is built without."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.kubernetes.yml").read_text())
    (job,) = config["scrape_configs"]
    assert job.pop("kubernetes_sd_configs") == [{"role": "pod"}]
    config["rule_files"] = [str(PROMETHEUS / "rules/*.yml")]
    path = tmp_path / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    done = run("check", "config", path)
    assert done.returncode == 0, done.stdout + done.stderr
