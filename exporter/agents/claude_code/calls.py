"""The model calls of a run: gathered from the lines of its messages, settled by its results.

A message comes on as many lines as it has blocks, so a call is known by its message. Its tokens are
right only once the result is there, and until then it waits. A run that is killed has no result:
then what the lines told has to do.
"""

from collections.abc import Iterable

from msgspec import Struct

from exporter.agents.claude_code.names import NAME, PROVIDER
from exporter.agents.claude_code.usage import (
    ModelUsage,
    Usage,
    shared_cost,
    shared_tokens,
    since,
)
from exporter.agents.identity import identified
from exporter.agents.running_total import Counts
from exporter.event.tokens import Tokens
from exporter.event.types import Completion


class Call(Struct, kw_only=True):
    """One model call: `key` is what tells its message from others, `tokens` what its lines tell."""

    key: str
    model: str
    session_id: str | None
    request_id: str | None
    at: float
    tokens: Counts

    def completion(self, model: str, tokens: Counts, cost_usd: float | None) -> Completion:
        """Return the completion that it is, under the name of its model and with what it used."""
        event = Completion(
            agent=NAME,
            session_id=self.session_id,
            request_id=self.request_id,
            model=model,
            provider=PROVIDER,
            at=self.at,
            success=True,
            tokens=Tokens(**tokens) if tokens else None,
            cost_usd=cost_usd,
            cost_source=None if cost_usd is None else "reported",
        )
        identified(event, "call", self.request_id or self.key)
        return event


class Calls:
    """The calls that no result has settled yet, and what the results before have told."""

    def __init__(self) -> None:
        self._waiting: dict[str, Call] = {}
        self._told: dict[str, Usage] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, call: Call) -> None:
        """Take in what a line tells of a call; a later line of it tells no less."""
        known = self._waiting.setdefault(call.key, call)
        for part, tokens in call.tokens.items():
            known.tokens[part] = max(known.tokens.get(part, 0), tokens)
        known.request_id = known.request_id or call.request_id
        known.at = call.at

    def settle(self, told: ModelUsage, unseen: Call) -> list[Completion]:
        """Return the completions that a result tells of, in the order their messages came.

        A model that no message was seen of comes last, as `unseen` but for its name. A message of
        a model that the result does not name is a call with no tokens of its own.
        """
        if not told.usages:
            return self.left()
        calls, self._waiting = list(self._waiting.values()), {}
        completions: dict[str, Completion] = {}
        for model, total in told.usages.items():
            used = since(total, self._told.get(model))
            mine = [call for call in calls if told.name_of(call.model) == model]
            if not mine and (any(used.tokens.values()) or used.cost_usd):
                mine = [_of_model(unseen, model)]
            completions |= _completions(model, used, mine)
        self._told |= told.usages
        for call in calls:
            if call.key not in completions:
                completions[call.key] = call.completion(call.model, {}, None)
        seen = [completions.pop(call.key) for call in calls]
        return [*seen, *completions.values()]

    def left(self) -> list[Completion]:
        """Return the completions of the calls that wait, as their lines tell of them."""
        calls, self._waiting = self._waiting, {}
        return [call.completion(call.model, call.tokens, None) for call in calls.values()]


def _completions(model: str, used: Usage, calls: list[Call]) -> Iterable[tuple[str, Completion]]:
    if not calls:
        return []
    tokens = shared_tokens(used.tokens, [call.tokens for call in calls])
    costs: list[float | None] = [None] * len(calls)
    if used.cost_usd is not None:
        costs = [*shared_cost(used.cost_usd, tokens)]
    return [
        (call.key, call.completion(model, mine, cost_usd))
        for call, mine, cost_usd in zip(calls, tokens, costs, strict=True)
    ]


def _of_model(unseen: Call, model: str) -> Call:
    return Call(
        key=f"{unseen.key}:{model}",
        model=model,
        session_id=unseen.session_id,
        request_id=None,
        at=unseen.at,
        tokens={},
    )
