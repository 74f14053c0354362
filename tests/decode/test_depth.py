"""Facts about how deep a context may nest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.decode.depth import CONTEXT_DEPTH_MAX, too_deep
from exporter.decode.native import Decoded
from exporter.event.rejection import Code, Rejection
from tests.decode.bodies import FORMS, Form
from tests.event.strategies import json_values, texts

LOG = b'{"type":"log","level":"info","source":"s","message":"m","context":{"a":%s}}'


def nested(levels: int, innermost: bytes = b"1") -> bytes:
    """Return a log whose context has this many levels, itself the first of them."""
    return LOG % (b"[" * (levels - 1) + innermost + b"]" * (levels - 1))


def depth(value: Any) -> int:  # noqa: ANN401 - any JSON
    """Return how many arrays and objects lie inside one another, the plain way."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@pytest.mark.parametrize("innermost", [b"", b"1", b'"x",2'])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_context_nests_so_deep_and_no_deeper(form: Form, innermost: bytes) -> None:
    """32 levels are taken; the 33rd rejects the log, and no other event."""
    item = nested(32, innermost)
    too_much = nested(33, innermost)
    decoded = form.read([item, too_much, item])
    assert len(decoded.events) == 2
    assert decoded.rejections == [Rejection(1, Code.TOO_DEEP, "$.context")]
    assert decoded.rejected_types == ["log"]


def test_what_is_left_out_may_nest_deeper() -> None:
    """An unknown field is not kept, so its depth is no matter."""
    item = b'{"type":"tool_call","tool":"t","x":' + b"[" * 100 + b"]" * 100 + b"}"
    for form in FORMS.values():
        decoded: Decoded = form.read([item])
        assert (len(decoded.events), decoded.unknown_fields) == (1, 1)


@given(
    st.dictionaries(texts, json_values, max_size=4), st.integers(0, CONTEXT_DEPTH_MAX + 2), texts
)
def test_the_deepest_branch_counts(context: dict[str, Any], wrapped: int, name: str) -> None:
    """Whether a context is too deep is the number of levels of its deepest branch."""
    for _ in range(wrapped):
        context = {"beside": [], name: [context]} if wrapped % 2 else {name: context}
    assert too_deep(context) == (depth(context) > CONTEXT_DEPTH_MAX)
