"""Facts about the three forms of a body: an object, an array, lines."""

import pytest

from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.event.rejection import Code, Refusal, Rejection
from tests.decode.bodies import CASES, FORMS, LINES, OBJECT, Case, Decode, Form
from tests.event.strategies import NOW

GOOD = b'{"type":"completion","model":"m"}'
BAD = b'{"type":"completion"}'

forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("form", [OBJECT, *FORMS.values()], ids=["object", *FORMS])
def test_an_event_is_the_same_in_any_form(case: Case, form: Form) -> None:
    """Whichever form brings it, an object decodes into its event, and into nothing else."""
    assert form.read([case.item]) == Decoded([case.event], [], [], 0)


@forms
def test_a_batch_keeps_its_order(form: Form) -> None:
    """Events of every type together come out in the order they were written in."""
    decoded = form.read([case.item for case in CASES.values()])
    assert decoded == Decoded([case.event for case in CASES.values()], [], [], 0)


@forms
def test_an_empty_batch(form: Form) -> None:
    """An array without items, and lines without any, are a batch of nothing."""
    assert form.read([]) == Decoded([], [], [], 0)


@pytest.mark.parametrize(
    ("body", "decode"),
    [
        (b"[" + b",".join([GOOD] * 3) + b"]", decode_json),
        (b"[" + b",".join([BAD] * 3) + b"]", decode_json),
        (b"[" + b",".join([GOOD, BAD, b"{}"]) + b"]", decode_json),
        (b"\n".join([GOOD] * 3), decode_ndjson),
        (b"\n".join([BAD] * 3), decode_ndjson),
        (b"\n".join([b"not", b"even", b"JSON"]), decode_ndjson),
    ],
)
def test_a_batch_is_bounded(body: bytes, decode: Decode) -> None:
    """As many events as allowed are looked at, good or bad; one more refuses them all."""
    decoded = decode(body, received_at=NOW, events_max=3)
    assert len(decoded.events) + len(decoded.rejections) == 3
    with pytest.raises(Refusal) as refused:
        decode(body, received_at=NOW, events_max=2)
    assert refused.value.code is Code.TOO_MANY_EVENTS


@pytest.mark.parametrize(
    "line",
    [GOOD + GOOD, GOOD + b" " + GOOD, GOOD + b"\r" + GOOD, GOOD + b",", GOOD * 10],
    ids=["adjoining", "spaced", "bare carriage return", "comma", "many"],
)
@pytest.mark.parametrize("others", [[GOOD], [GOOD, BAD]], ids=["good others", "a bad other"])
def test_a_line_holds_one_object(line: bytes, others: list[bytes]) -> None:
    """A line with more than one object is malformed, whatever the other lines are."""
    decoded = LINES.read([line, *others], events_max=3)
    assert len(decoded.events) == 1
    assert decoded.rejections[0] == Rejection(0, Code.MALFORMED)


def test_an_object_over_several_lines_is_malformed() -> None:
    """An object broken over lines is as many bad lines; the good ones count."""
    decoded = LINES.read([b'{"type":"completion",', b'"model":"m"}', GOOD])
    assert len(decoded.events) == 1
    assert decoded.rejections == [Rejection(0, Code.MALFORMED), Rejection(1, Code.MALFORMED)]


def test_as_many_objects_as_lines_do_not_make_up_for_one_another() -> None:
    """An object over two lines and two objects on one are bad lines, though the sum is right."""
    body = b'{"type":"completion",\n"model":"m"}' + GOOD + b"\n" + GOOD
    decoded = decode_ndjson(body, received_at=NOW, events_max=9)
    assert len(decoded.events) == 1
    assert decoded.rejections == [Rejection(0, Code.MALFORMED), Rejection(1, Code.MALFORMED)]


def test_blank_lines_have_no_index() -> None:
    """An index counts the lines that hold something."""
    decoded = decode_ndjson(b"\n" + GOOD + b"\n \n\r\n" + BAD, received_at=NOW, events_max=9)
    assert decoded.rejections == [Rejection(1, Code.MISSING_FIELD, "$.model")]
