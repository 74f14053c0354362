"""How much of each allowance is used, as last read."""

from collections.abc import Iterator

from exporter.event.types import UNKNOWN, Quota
from exporter.store.answers import QuotaReading, instant
from exporter.store.parts import in_parts
from exporter.store.readings import Readings
from exporter.store.saved import SavedQuota

QuotaKey = tuple[str, str, str, str]
"""Agent, provider, model (empty: all of the provider's) and window."""

QuotaValue = tuple[float | None, bool | None, float | None]
"""Used ratio, whether calls are refused, and the Unix second of the reset."""


class QuotaTable(Readings[QuotaKey, QuotaValue]):
    """The latest reading of each allowance."""

    def take(self, event: Quota, at: float, now: float) -> None:
        """Take in a reading made at `at`, both in Unix seconds."""
        key = (event.agent, event.provider or UNKNOWN, event.model or "", event.window)
        self.read(key, (event.used_ratio, event.limited, event.resets_at), at, now)

    def each(self, now: float) -> list[QuotaReading]:
        """Return how much of each is used, sorted by agent, provider, model and window.

        Once its reset has come an allowance is renewed, and what was read of it says nothing more.
        """
        rows = sorted(self.told(now), key=lambda row: row[0])
        return [_reading(key, at, value, now) for key, at, value in rows]

    def save(self) -> Iterator[list[SavedQuota]]:
        """Yield the latest readings, the least recent first."""
        return in_parts((SavedQuota(*key, at, *said) for key, at, said in self.all()), lambda _: 1)

    def restore(self, form: SavedQuota) -> None:
        """Take in a reading that was saved, after all that are less recent."""
        key = (form.agent, form.provider, form.model, form.window)
        self._put_back(key, (form.used_ratio, form.limited, form.resets_at), form.at)


def _reading(key: QuotaKey, at: float, value: QuotaValue, now: float) -> QuotaReading:
    agent, provider, model, window = key
    used_ratio, limited, resets_at = value
    renewed = resets_at is not None and resets_at <= now
    return QuotaReading(
        agent=agent,
        provider=provider,
        model=model or None,
        window=window,
        used_ratio=None if renewed else used_ratio,
        limited=None if renewed else limited,
        resets_at=None if resets_at is None else instant(resets_at),
        read_at=instant(at),
    )
