"""Label values that look like something else, and more of them than anybody needs."""

import json

import pytest

from tests.hostile.exposition import families
from tests.hostile.raw import a_push, ask, request, samples

MODELS = 1_000_000
BATCH = 50_000

LOOKALIKES = [
    'x"} 1\nevil 9',
    '"} 1 # {trace_id="x"} 1',
    "back\\slash",
    "\\n",
    "\n# EOF\n",
    "\x00\x1b[31m\r\u2028",
    "{}",
    "é\U0001f600",
    "",
]


@pytest.mark.hostile(19)
@pytest.mark.parametrize("name", LOOKALIKES, ids=ascii)
async def test_a_value_that_looks_like_exposition_text_stays_a_value(
    address: str, name: str
) -> None:
    """Strict parsers of both formats find it as it was pushed, in one sample, and no other."""
    event = {"type": "completion", "model": name or "m", "agent": "a" + name}
    answer = await ask(address, a_push(body=json.dumps(event).encode()))
    assert answer.status == 200
    for accept in ("text/plain", "application/openmetrics-text"):
        found = families(await ask(address, request("GET /metrics", f"Accept: {accept}")))
        assert "evil" not in found
        counted = [
            sample
            for sample in found["agent_completions"].samples
            if sample.name == "agent_completions_total" and sample.value
        ]
        assert len(counted) == 1
        assert counted[0].labels["model"] == (name or "m")
        assert counted[0].labels["agent"] == "a" + name


@pytest.mark.hostile(20)
async def test_a_million_model_names_are_bounded(address: str) -> None:
    """Series stay within the budget; all else folds into `_other`, and how often is counted."""
    for start in range(0, MODELS, BATCH):
        body = b"\n".join(
            b'{"type":"completion","model":"m%d"}' % number
            for number in range(start, start + BATCH)
        )
        answer = await ask(address, a_push("Content-Type: application/x-ndjson", body=body))
        assert (answer.status, answer.json()["accepted"]) == (200, BATCH)
    after = await samples(address)
    completed = {
        name: value
        for name, value in after.items()
        if name.startswith("agent_completions_total{") and 'outcome="success"' in name
    }
    assert len(completed) == 201
    assert sum(completed.values()) == MODELS
    (other,) = (value for name, value in completed.items() if 'model="_other"' in name)
    assert other == MODELS - 200
    assert after['agent_exporter_label_overflows_total{label="model"}'] > 0
    assert len(after) < 20_000
