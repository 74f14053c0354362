"""Answers about models, from their windows and from the limits on them."""

from itertools import chain
from math import inf
from typing import Final

from exporter.store.answers import ModelPerformance
from exporter.store.kept import Kept
from exporter.store.limits import WHOLE_PROVIDER, GaugeRow, LimitTable
from exporter.store.model_window import ModelKey, ModelWindow, merged
from exporter.store.models import ModelTable
from exporter.store.performance import performance

KEPT_MAX: Final = 1_000
"""How many answers are kept, 1 kB each; a model in every slot of the window takes 120."""


class ModelView:
    """What is asked about models; `now` and `max_staleness_secs` are seconds, as ever.

    What `every` tells of a model is kept until something happens to it or a slot begins: to tell it
    again takes 1.1 us in place of 10.
    """

    def __init__(self, models: ModelTable, limits: LimitTable, *, window_secs: float) -> None:
        self._models = models
        self._limits = limits
        self._window_secs = window_secs
        self._told: Kept[ModelKey, ModelPerformance] = Kept(weight_max=KEPT_MAX)

    def one(
        self, model: str, provider: str | None, now: float, max_staleness_secs: float | None
    ) -> ModelPerformance:
        """Return how a model did with one provider, or with all that offer it merged exactly."""
        if provider is not None:
            keys = [(provider, model)]
        else:
            keys = [key for key in self._keys(now) if key[1] == model]
            provider = keys[0][0] if len(keys) == 1 else None
        windows = [window for key in keys if (window := self._models.current(key)) is not None]
        window = windows[0] if len(windows) == 1 else merged(windows)
        return performance(
            model,
            provider,
            window,
            window_secs=self._window_secs,
            stale=_stale(window, now, self._staleness_secs(max_staleness_secs)),
            reset_at=max(self._resets(keys, now).values(), default=None),
        )

    def every(self, now: float, max_staleness_secs: float | None) -> list[ModelPerformance]:
        """Return how each (provider, model) did that has data in the window, or is limited."""
        keys = sorted(self._keys(now))
        resets = self._resets(keys, now)
        secs = self._staleness_secs(max_staleness_secs)
        return [self._one_of(key, resets.get(key), now, secs) for key in keys]

    def limited(self, now: float) -> tuple[int, int]:
        """Return how many models `every` tells of, and how many of these are limited."""
        keys = self._keys(now)
        return len(keys), len(self._resets(keys, now))

    def limit_rows(self, now: float) -> list[GaugeRow]:
        """Return whether each pair is limited that has, or had, data or a limit."""
        return self._limits.rows(chain(self._models.keys(), self._models.passed), now)

    def _keys(self, now: float) -> list[ModelKey]:
        limited = (key for key in self._limits.in_force(now) if key[1] != WHOLE_PROVIDER)
        return list(dict.fromkeys(self._models.keys()) | dict.fromkeys(limited))

    def _resets(self, keys: list[ModelKey], now: float) -> dict[ModelKey, float]:
        """Return when the limits end on those of some models that are limited."""
        # Mostly there are no limits, and then no model need be asked about: 2 us each.
        in_force = set(self._limits.in_force(now))
        if not in_force:
            return {}
        limited = (key for key in keys if key in in_force or (key[0], WHOLE_PROVIDER) in in_force)
        resets = ((key, self._limits.reset_at(*key, now)) for key in limited)
        return {key: reset_at for key, reset_at in resets if reset_at is not None}

    def _one_of(
        self, key: ModelKey, reset_at: float | None, now: float, staleness_secs: float
    ) -> ModelPerformance:
        """Return how one model did, as it was told before if it still is so."""
        # Nothing is let go of before it has to be: that takes 2 us where something came late.
        window = self._models.peek(key) or ModelWindow()
        stale = _stale(window, now, staleness_secs)
        version = (window.used, self._models.floor, stale, reset_at)
        told = self._told.get(key, version)
        if told is not None:
            return told
        window = self._models.current(key) or window
        provider, model = key
        answer = performance(
            model,
            provider,
            window,
            window_secs=self._window_secs,
            stale=stale,
            reset_at=reset_at,
        )
        self._told.put(key, version, answer)
        return answer

    def _staleness_secs(self, max_staleness_secs: float | None) -> float:
        return self._window_secs if max_staleness_secs is None else max_staleness_secs


def _stale(window: ModelWindow, now: float, staleness_secs: float) -> bool:
    last_at = window.open.last_at
    return last_at == -inf or now - last_at > staleness_secs
