"""The boards that are checked in are those that the generator makes."""

import json
from pathlib import Path

import pytest
import yaml

from deploy.grafana.generator.__main__ import DIRECTORY, differing, main, text
from deploy.grafana.generator.boards import BOARDS
from deploy.grafana.generator.layout import Band, placed
from deploy.grafana.generator.variables import boundaries
from exporter.metrics.catalogue import COMPLETION_DURATION

PROVISIONING = Path(__file__).parents[3] / "deploy/grafana/provisioning"


def test_the_boards_are_as_the_generator_makes_them(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m deploy.grafana.generator` writes them anew."""
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_check_names_what_is_changed_missing_or_not_ours(tmp_path: Path) -> None:
    """And nothing else."""
    kept, changed, missing, *_ = BOARDS
    (tmp_path / f"{kept['uid']}.json").write_text(text(kept))
    (tmp_path / f"{changed['uid']}.json").write_text(text(changed | {"title": "by hand"}))
    (tmp_path / "other.json").write_text("{}")
    found = differing(tmp_path)
    assert f"{kept['uid']}.json" not in found
    assert {f"{changed['uid']}.json", f"{missing['uid']}.json", "other.json"} <= set(found)


def test_a_band_fills_the_grid() -> None:
    """Five panels side by side do not."""
    with pytest.raises(ValueError, match="does not fill the grid"):
        placed([Band([{}] * 5)])


def test_no_boundary_is_offered_that_is_none() -> None:
    """The generator ends, and no board is made."""
    with pytest.raises(ValueError, match="is no boundary"):
        boundaries(COMPLETION_DURATION, "n", "l", "a", [3], default=3)


def test_grafana_finds_the_boards_where_they_are_put() -> None:
    """One provider, whose boards come from files and are not changed in the browser."""
    (path,) = (PROVISIONING / "dashboards").glob("*.yml")
    (provider,) = yaml.safe_load(path.read_text())["providers"]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["path"]
    assert json.loads((DIRECTORY / "agent-live-ops.json").read_text())["uid"] == "agent-live-ops"


def test_grafana_knows_how_often_is_scraped() -> None:
    """Or `$__rate_interval` is too short for the scrape interval of our configuration."""
    (path,) = (PROVISIONING / "datasources").glob("*.yml")
    (source,) = yaml.safe_load(path.read_text())["datasources"]
    scraping = yaml.safe_load((PROVISIONING.parents[1] / "prometheus/prometheus.yml").read_text())
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == scraping["global"]["scrape_interval"]
    assert source["editable"] is False
