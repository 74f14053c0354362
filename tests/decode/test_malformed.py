"""Facts about bodies and lines that are no JSON."""

import pytest

from exporter.decode.native import Decoded
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.event.types import Completion
from tests.decode.bodies import ARRAY, LINES, OBJECT
from tests.event.strategies import NOW

GOOD = b'{"type":"completion","model":"m"}'
GOOD_EVENT = Completion(model="m", at=NOW)
BROKEN = {
    "a word": b"completion",
    "a piece": b'{"type":"completion"',
    "single quotes": b"{'type':'completion'}",
    "a comma too many": b'{"type":"completion","model":"m",}',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "NaN": b'{"type":"completion","model":"m","latency_ms":NaN}',
    "infinity": b'{"type":"completion","model":"m","latency_ms":-Infinity}',
    "1e999": b'{"type":"completion","model":"m","latency_ms":1e999}',
    "1e999, unknown": b'{"type":"completion","model":"m","x":1e999}',
    "a number of 5,000 digits": b'{"type":"log","x":' + b"9" * 5_000 + b"}",
    "a lone surrogate": b'{"type":"completion","model":"\\ud800"}',
    "a lone surrogate, unknown": b'{"type":"completion","model":"m","\\udfff":1}',
    "no UTF-8": b'{"type":"completion","model":"\xff"}',
    "no UTF-8, unknown": b'{"type":"completion","model":"m","x":"\xc3("}',
}
DEEP = {
    "arrays": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a context": b'{"type":"log","context":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    "something unknown": b'{"type":"log","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("item", BROKEN.values(), ids=BROKEN)
def test_what_is_not_json(item: bytes) -> None:
    """It refuses the whole of a JSON body, good events or not; of lines, its line alone."""
    for body in ([item], [GOOD, item], [item, GOOD], [b"{}", item, GOOD]):
        with pytest.raises(Refusal) as refused:
            ARRAY.read(body)
        assert refused.value.code is Code.MALFORMED
    with pytest.raises(Refusal):
        OBJECT.read([item])
    assert LINES.read([GOOD, item, GOOD]) == Decoded(
        [GOOD_EVENT, GOOD_EVENT], [Rejection(1, Code.MALFORMED)], ["unknown"], 0
    )


@pytest.mark.parametrize("item", DEEP.values(), ids=DEEP)
def test_what_nests_without_end(item: bytes) -> None:
    """100,000 levels are too deep: a refusal of a JSON body, a rejection of a line."""
    for form in (OBJECT, ARRAY):
        with pytest.raises(Refusal) as refused:
            form.read([item])
        assert refused.value.code is Code.TOO_DEEP
    assert LINES.read([GOOD, item]) == Decoded(
        [GOOD_EVENT], [Rejection(1, Code.TOO_DEEP)], ["unknown"], 0
    )


@pytest.mark.parametrize("body", [b"", b" \n", b"[", b"]", b"[] []", GOOD + GOOD, b"[" + GOOD])
def test_a_json_body_is_one_value(body: bytes) -> None:
    """Nothing, half a value and two of them are malformed."""
    with pytest.raises(Refusal) as refused:
        OBJECT.read([body])
    assert refused.value.code is Code.MALFORMED
