"""What is on disk keeps its form, or says that it is another."""

import hashlib
from typing import Any

import msgspec

from exporter.journal.database import LogName, Snapshot
from exporter.journal.epoch import Basis, Epoch, Run
from exporter.journal.record import Record
from exporter.journal.schema import MIGRATIONS
from exporter.metrics.saved import SavedFamily
from exporter.store import snapshot
from exporter.store.summary import Imported

FORMS = {
    1: "e335c7e91bdf1306449baebb51b47a6793b337f32df6076e86cfab7c2675a0d7",
    2: "0e39db445b038edbb6931d987e5fc7a6b053ca10e36e9cb873cc450b1af3c046",
    3: "6a69c9a6657aa91ad1ff40faf1a2fdbb9995242ecc3552782cf59bf1526903a4",
    4: "5045e42282d3ef53b538f8b985eecf9d3ed26f2109a4b6b27844691bac2b6207",
}
"""By the number of migrations, a digest of every form that is written."""


def test_a_form_changes_with_a_migration_only() -> None:
    """An older version refuses a file with more migrations; it would take a new form for damage.

    So where this fails, add a migration (an empty one will do), see to it that files of the number
    before still read, and add the digest here.
    """
    kinds = [
        Record,
        SavedFamily,
        Imported,
        Snapshot,
        LogName,
        Basis,
        Epoch,
        Run,
        *snapshot.FORMS.values(),
    ]
    _, components = msgspec.json.schema_components(kinds)
    forms = msgspec.json.encode(_undescribed(components), order="sorted")
    assert FORMS[len(MIGRATIONS)] == hashlib.sha256(forms).hexdigest()


def _undescribed(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a schema without the words in it, and with one way of writing each number.

    A bound of 1e6 and one of 1_000_000 are the same to `typing`, which keeps whichever came first.
    """
    if isinstance(schema, float) and schema.is_integer():
        return int(schema)
    if isinstance(schema, list):
        return [_undescribed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _undescribed(part) for key, part in schema.items() if key != "description"}
