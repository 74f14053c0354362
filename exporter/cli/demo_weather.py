"""How the providers of the demo are: overloaded for a while, limiting a model, out of allowance.

One provider after the other is overloaded every few minutes: it answers slowly, and half of the
time with a failure. Now and then a model is limited until an instant that is told. Allowances rise
from nothing to about what there is, are used up in some of their windows, and are renewed. Their
windows go by the demo's clock, on which an hour is a minute.
"""

from dataclasses import dataclass, replace
from typing import Final

from exporter.cli.demo_cast import AGENTS, Agent, Model
from exporter.cli.demo_failures import OVERLOADED, Deck, Failure, quota_exhausted, rate_limited
from exporter.cli.demo_world import HOUR_SECS, Steps, World

RARELY: Final = 0.022
WHEN_OVERLOADED: Final = 0.5
SLOWDOWN: Final = 2.5

SERVICE_UNAVAILABLE: Final = replace(OVERLOADED, error_type="service_unavailable", status_code=503)

WINDOWS: Final = {"5h": (5, 1.15), "24h": (24, 0.95), "7d": (7 * 24, 0.95)}
"""Hours of each window, and the share of it that is used at most, if it could be."""

SHARE_LEAST: Final = 0.6


@dataclass(slots=True)
class Allowance:
    """A window of an agent's subscription: from when to when, and what share will be used up."""

    agent: Agent
    provider: str
    window: str
    began_at: float
    resets_at: float
    share_at_end: float

    def used_ratio(self, now: float) -> float:
        """Return the share that is used at an instant of the window."""
        passed = (now - self.began_at) / (self.resets_at - self.began_at)
        return round(max(0.0, min(1.0, self.share_at_end * passed)), 3)


class Weather:
    """The state of all providers; `overloads` and `limits` are what changes it in time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._deck = Deck(world.random)
        self._overloaded_until: dict[str, float] = {}
        self._limited_until: dict[str, float] = {}
        self._allowances = [
            self._allowance(agent, window, started=world.between(0.2, 0.6))
            for agent in AGENTS
            for window in agent.quotas
        ]

    def overloads(self) -> Steps[None]:
        """Overload one provider after the other, for ever."""
        yield self._world.between(40, 80)
        while True:
            provider = self._one_model().provider
            secs = self._world.between(40, 100)
            self._overloaded_until[provider] = self._world.now + secs
            yield _status("warn", f"{provider} is overloaded")
            yield secs
            yield _status("info", f"{provider} has recovered")
            yield self._world.between(120, 240)

    def limits(self) -> Steps[None]:
        """Limit one model after the other, for ever."""
        while True:
            yield self._world.between(50, 150)
            until = self._world.now + self._world.between(20, 90)
            self._limited_until[self._one_model().name] = until

    def slowdown(self, provider: str) -> float:
        """Return by what factor a provider is slower than usual."""
        return SLOWDOWN if self._is_overloaded(provider) else 1.0

    def trouble(self, agent: Agent, model: Model) -> Failure | None:
        """Return how a call fails that is made now; `None` where it does not."""
        for allowance in self.allowances(agent):
            if allowance.provider == model.provider and allowance.used_ratio(self._now) >= 1:
                return quota_exhausted(allowance.resets_at)
        limited_until = self._limited_until.get(model.name, 0.0)
        if limited_until > self._now:
            return rate_limited(limited_until)
        if self._is_overloaded(model.provider) and self._world.chance(WHEN_OVERLOADED):
            return OVERLOADED if model.provider == "anthropic" else SERVICE_UNAVAILABLE
        return self._deck.deal() if self._world.chance(RARELY) else None

    def is_exhausted(self, agent: Agent) -> bool:
        """Return whether an allowance of an agent's is used up."""
        return any(each.used_ratio(self._now) >= 1 for each in self.allowances(agent))

    def allowances(self, agent: Agent) -> list[Allowance]:
        """Return the windows of an agent as they are now; what has passed is renewed."""
        for index, allowance in enumerate(self._allowances):
            if allowance.resets_at <= self._now:
                self._allowances[index] = self._allowance(allowance.agent, allowance.window)
        return [each for each in self._allowances if each.agent is agent]

    @property
    def _now(self) -> float:
        return self._world.now

    def _one_model(self) -> Model:
        agent = self._world.one_of(AGENTS, [agent.share for agent in AGENTS])
        return self._world.one_of(agent.models)

    def _is_overloaded(self, provider: str) -> bool:
        return self._overloaded_until.get(provider, 0.0) > self._now

    def _allowance(self, agent: Agent, window: str, *, started: float = 0.0) -> Allowance:
        hours, share_most = WINDOWS[window]
        secs = hours * HOUR_SECS
        began_at = self._now - secs * started
        share = self._world.between(SHARE_LEAST, share_most)
        provider = agent.models[0].provider
        return Allowance(agent, provider, window, began_at, began_at + secs, share)


def _status(level: str, message: str) -> dict[str, str]:
    return {"type": "log", "level": level, "source": "status-page", "message": message}
