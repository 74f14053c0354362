"""What a reload may change while the exporter runs, and what takes a restart."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from exporter.config import Config, ConfigError

LIVE = frozenset(
    {
        "log.level",
        "log.format",
        "ingest.body_bytes_max",
        "ingest.events_per_batch_max",
        "ingest.queue_events_max",
        "ingest.queue_bytes_max",
        "ingest.body_timeout_secs",
        "metrics.label_values_max",
        "pricing.models",
        "storage.snapshot_secs",
        "storage.snapshot_bytes",
        "shutdown.linger_secs",
    }
)
"""The keys whose change is taken over. All files that the others name are read again anyway."""


def require_live(old: Config, new: Config) -> None:
    """Raise `ConfigError`, naming the keys, where more has changed than a reload takes over."""
    fixed = sorted(set(_changed(old, new)) - LIVE)
    if fixed:
        raise ConfigError(f"{', '.join(fixed)}: changes take a restart")


def _changed(old: Config, new: Config) -> Iterator[str]:
    for section in old.__struct_fields__:
        before: Struct = getattr(old, section)
        after: Struct = getattr(new, section)
        if before != after:
            fields = msgspec.structs.asdict(before)
            yield from (f"{section}.{key}" for key in fields if fields[key] != getattr(after, key))
