"""What is on disk keeps its form, or says that it is another."""

import hashlib
from typing import Any

import msgspec

from exporter.journal.database import Snapshot
from exporter.journal.epoch import Basis, Epoch, Run
from exporter.journal.record import Record
from exporter.journal.schema import MIGRATIONS
from exporter.metrics.saved import SavedFamily
from exporter.store import snapshot
from exporter.store.summary import Imported

FORMS = {
    1: "25c0d9cf93f77bb9def6a0dd64ae7ff125352549dae2666c29c63e02f1038a2d",
    2: "9c312fb595e23a6191553a0b3318c577a0c685b9f7d7348f6b299ef01e1eec81",
}
"""By the number of migrations, a digest of every form that is written."""


def test_a_form_changes_with_a_migration_only() -> None:
    """An older version refuses a file with more migrations; it would take a new form for damage.

    So where this fails, add a migration (an empty one will do), see to it that files of the number
    before still read, and add the digest here.
    """
    kinds = [Record, SavedFamily, Imported, Snapshot, Basis, Epoch, Run, *snapshot.FORMS.values()]
    _, components = msgspec.json.schema_components(kinds)
    forms = msgspec.json.encode(_undescribed(components), order="sorted")
    assert FORMS[len(MIGRATIONS)] == hashlib.sha256(forms).hexdigest()


def _undescribed(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a schema without the words in it."""
    if isinstance(schema, list):
        return [_undescribed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _undescribed(part) for key, part in schema.items() if key != "description"}
