"""Killed at named places and at random moments, the exporter loses and repeats nothing."""

from pathlib import Path

import pytest

from tests.kill.campaign import PLACES, Campaign

KILLS = 25


@pytest.mark.hostile(24)
def test_whatever_was_acknowledged_is_counted_exactly_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Totals equal the clients' own, after one more start too, and no counter stepped back."""
    campaign = Campaign(tmp_path, seed=1)
    campaign.run(KILLS)
    with capsys.disabled():
        print(f"\n{campaign.figures()}")  # noqa: T201 - figures are what it is for
    assert campaign.scraper.steps_back == []
    with campaign.alive():
        assert campaign.differences() == {}
    assert campaign.killed.total() == KILLS
    assert set(campaign.killed) >= set(PLACES) - {"none"}
    assert campaign.ledger.events > 0
