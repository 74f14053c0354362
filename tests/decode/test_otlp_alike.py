"""Every form of an export comes to the same records, whatever it holds."""

import json

import pytest
from google.protobuf.message import Message
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.decode.otlp_bodies import SIGNALS, forms
from tests.decode.otlp_exports import REQUESTS


@pytest.mark.parametrize("name", SIGNALS)
@given(data=st.data())
def test_all_forms_of_an_export_come_to_the_same(name: str, data: st.DataObject) -> None:
    """JSON in whichever spelling and protobuf give equal records, and as many unfit."""
    signal = SIGNALS[name]
    message: Message = data.draw(REQUESTS[name])
    bodies = forms(message)
    expected = repr(signal.read(*bodies.pop("protobuf")))
    for form, (body, encoding) in bodies.items():
        assert repr(signal.read(body, encoding)) == expected, form


@pytest.mark.parametrize("name", SIGNALS)
@given(data=st.data())
def test_one_odd_record_takes_no_other_with_it(name: str, data: st.DataObject) -> None:
    """A record that is no record is one unfit more, and the others are what they were."""
    signal = SIGNALS[name]
    message: Message = data.draw(REQUESTS[name])
    body, encoding = forms(message)["camelCase"]
    before = signal.read(body, encoding)
    export = json.loads(body)
    odd = data.draw(st.sampled_from([1, "x", True, [], [{}], {"attributes": 1}, {"name": []}]))
    if name == "metrics":
        assume(odd != {"name": []})  # A point without a value says nothing, and is none.
        odd = {"sum": {"dataPoints": [odd]}}
    elif isinstance(odd, dict):
        odd |= {"traceId": "00", "eventName": 5}
    export.setdefault(signal.resources, []).append({signal.scopes: [{signal.items: [odd]}]})
    after = signal.read(json.dumps(export).encode())
    assert repr(after) == repr(before._replace(unfit=before.unfit + 1))
