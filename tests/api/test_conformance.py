"""A running exporter is asked whatever the description allows, and much that it does not.

schemathesis makes the requests from `docs/openapi.yaml`, valid ones and such as break a rule of it,
and holds every answer against what is described: status, media type, headers, content, that what
is valid is taken and what is not is refused. `HYPOTHESIS_PROFILE=fuzz` makes many more, and other
ones each time.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CheckFunction, negative_data_rejection
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from tests.api.asking import Packing, sendable
from tests.e2e import processes

FUZZING = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"

CONFIG = {
    **({} if FUZZING else {"seed": 1}),
    "generation": {
        "deterministic": not FUZZING,
        "max-examples": 500 if FUZZING else 20,
        "database": "none",
    },
    "operations": [
        {
            # What is wrong with the body of an export is excused below, so none need be made.
            "include-tag": "otlp",
            "phases": {"coverage": {"generation": {"mode": "positive"}}},
        },
        # Nothing more comes for as long as nothing happens.
        {"include-operation-id": "streamEvents", "request-timeout": 0.3},
        {
            # Beside its types a summary is checked for sums that add up, which no schema can say.
            "include-operation-id": "importSummary",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
    ],
}

EXPORTER_YML = """\
web:
  enable_lifecycle: true
"""

SCHEMA = schemathesis.openapi.from_path(
    "docs/openapi.yaml", config=schemathesis.Config.from_dict(CONFIG)
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an exporter and return its URL."""
    directory = tmp_path_factory.mktemp("api")
    config = directory / "exporter.yml"
    config.write_text(EXPORTER_YML)
    with processes.exporter(directory, f"--config.file={config}") as address:
        yield address


@pytest.fixture(scope="module")
def session() -> Iterator[Packing]:
    """Return connections that are kept."""
    with Packing() as kept:
        yield kept


@SCHEMA.parametrize()
def test_every_answer_is_one_that_is_described(case: Case[Any], url: str, session: Packing) -> None:
    """Whatever is asked, by every check that there is."""
    if _was_asked_as_json(case) and not FUZZING:
        return
    body = sendable(case.body)
    if repr(body) != repr(case.body):  # To ==, 3.0 is 3.
        case.body = body
    response = case.call(base_url=url, session=session)
    excused: list[CheckFunction] = []
    if response.status_code == 200 and case.meta is not None and _is_excused(case, response):
        excused.append(negative_data_rejection)
    case.validate_response(
        response, excluded_checks=excused, transport_kwargs={"base_url": url, "session": session}
    )


def _was_asked_as_json(case: Case[Any]) -> bool:
    """Whether this systematic variation of a field came in an array already."""
    meta = case.meta
    assert meta is not None
    return meta.phase.name is TestPhase.COVERAGE and case.media_type == "application/x-ndjson"


def _is_excused(case: Case[Any], response: Response) -> bool:
    """Whether what is wrong with a request was rightly answered 200.

    The good items of a batch count whatever their neighbours are, and the reply counts the others.
    An export may hold what is not read, and that may have any type. A list of encodings that is
    empty is none.
    """
    meta = case.meta
    assert meta is not None
    if meta.is_negative_at(ParameterLocation.HEADER):
        return case.headers.get("Content-Encoding") == ""
    if case.operation.path.startswith("/v1/"):
        return meta.is_negative_at(ParameterLocation.BODY)
    if case.operation.path == "/api/v1/events" and isinstance(case.body, list):
        return bool(response.json()["rejected"])
    return False
