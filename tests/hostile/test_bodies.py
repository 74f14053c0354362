"""Bodies that are packed wrongly, or that are more than they look."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.raw import EVENT, NDJSON, a_push, ask, counted

MEBIBYTE = 1024 * 1024
WRONG_CHECKSUM = bytearray(gzip.compress(EVENT))
WRONG_CHECKSUM[-5] ^= 1

ROW_4, ROW_5, ROW_6 = pytest.mark.hostile(4), pytest.mark.hostile(5), pytest.mark.hostile(6)
PACKED = gzip.compress(EVENT)
PACKED_WRONGLY = [
    pytest.param("gzip", PACKED[:-8], 400, "truncated", marks=ROW_4, id="no trailer"),
    pytest.param("gzip", PACKED[:-1], 400, "truncated", marks=ROW_4, id="half a trailer"),
    pytest.param("gzip", b"", 400, "truncated", marks=ROW_4, id="nothing"),
    pytest.param("wat", EVENT, 415, "unsupported_encoding", marks=ROW_5, id="unknown"),
    pytest.param(
        "gzip, gzip", gzip.compress(PACKED), 415, "unsupported_encoding", marks=ROW_5, id="twice"
    ),
    pytest.param("gzip", bytes(WRONG_CHECKSUM), 400, "malformed", marks=ROW_6, id="checksum"),
    pytest.param("gzip", PACKED + b"x", 400, "malformed", marks=ROW_6, id="more behind it"),
    pytest.param("gzip", PACKED * 2, 400, "malformed", marks=ROW_6, id="another behind it"),
    pytest.param("gzip", EVENT, 400, "malformed", marks=ROW_6, id="not packed"),
]


@pytest.mark.parametrize(("encoding", "body", "status", "code"), PACKED_WRONGLY)
async def test_a_body_that_is_packed_wrongly_counts_for_nothing(
    address: str, encoding: str, body: bytes, status: int, code: str
) -> None:
    """It is refused as a whole, though the events in it could be read."""
    answer = await ask(address, a_push(f"Content-Encoding: {encoding}", body=body))
    assert (answer.status, answer.code) == (status, code)
    after = await counted(address)
    assert not [name for name in after if name.startswith("agent_completions_total")]
    assert after[f'agent_exporter_rejections_total{{code="{code}"}}'] == 1


@pytest.mark.hostile(14)
async def test_a_million_bytes_of_empty_objects_are_too_many_events(address: str) -> None:
    """They are refused by their number, as a whole and with one rejection."""
    answer = await ask(address, a_push(NDJSON, body=b"{}\n" * (MEBIBYTE // 3)))
    assert (answer.status, answer.code) == (413, "too_many_events")
    after = await counted(address)
    assert after['agent_exporter_rejections_total{code="too_many_events"}'] == 1


@pytest.mark.hostile(3)
def test_a_gzip_bomb_is_refused_within_little_memory() -> None:
    """200 MB of zeros in 200 kB are answered 413, one of them and ten; the peak barely moves."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.bomb"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["statuses"] == [413] * 11
    assert report["grown_bytes"] < 32 * MEBIBYTE
