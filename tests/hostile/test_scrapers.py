"""Scrapers that ask for what there is not, that come as a crowd, or that do not read."""

import asyncio
import json

import pytest

from tests.hostile.exposition import families
from tests.hostile.raw import a_push, ask, request, wire


@pytest.mark.hostile(22)
@pytest.mark.parametrize(
    "accept",
    [
        'application/openmetrics-text; version="1.0.0"',
        "application/openmetrics-text; version=1.0.0",
        "application/openmetrics-text; version=abc",
        "application/openmetrics-text; version=99.9.9",
        "application/openmetrics-text; q=0",
        "application/openmetrics-text; q=nan, text/plain; q=-1",
        "*/*; q=0",
        "image/png",
        "application/openmetrics-text; version",
        ";;;,,,===",
        "text/plain; version=" + "9" * 5_000,
        "\xff\xfe",
        "",
    ],
    ids=lambda accept: ascii(accept)[:60],
)
async def test_any_accept_gets_a_valid_scrape(address: str, accept: str) -> None:
    """The answer is 200, in the form that it says, and names no version that was made up."""
    answer = await ask(address, request("GET /metrics", f"Accept: {accept}"))
    assert answer.status == 200
    names = {sample.name for family in families(answer).values() for sample in family.samples}
    assert "agent_exporter_build_info" in names
    version = answer.headers["content-type"].partition("version=")[2].partition(";")[0]
    assert version in {"0.0.4", "1.0.0"}


@pytest.mark.hostile(23)
async def test_a_crowd_of_scrapers_keeps_nobody_waiting(address: str) -> None:
    """Fifty scrapes and one that does not read: health is answered, pushes are taken."""
    events = [
        {"type": "completion", "agent": f"a{agent}", "model": f"m{model}", "latency_ms": 1}
        for agent in range(10)
        for model in range(200)
    ]
    assert (await ask(address, a_push(body=json.dumps(events).encode()))).status == 200
    scrape = request("GET /metrics")
    async with wire(address) as slow:
        await slow.send(scrape)
        crowd = [asyncio.create_task(ask(address, scrape)) for _ in range(50)]
        for _ in range(20):
            assert (await ask(address, a_push())).status == 200
            assert (await ask(address, request("GET /health"))).status == 200
        answers = await asyncio.gather(*crowd)
        assert {answer.status for answer in answers} == {200}
        assert (await slow.answer()).status == 200
