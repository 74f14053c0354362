"""Which start and which end are of the same request.

Two agents may well use the same id, so a request is known by its agent and its id together. Not
every source names its agent: one that does not is taken for the agent of the latest request with
that id, and what it told itself may be matched by any agent.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from exporter.event.types import UNKNOWN, RequestEnded, RequestStarted
from exporter.store.saved import SavedLoneEnd

ENDS_MAX: Final = 1_000
"""How many ends without a start are remembered, for starts that come after them."""

RequestKey = tuple[str, str]
"""Agent and request id."""

V = TypeVar("V")


class ByRequest(Generic[V]):
    """Values by request, in the order they were put in."""

    def __init__(self) -> None:
        self._values: dict[RequestKey, V] = {}
        self._agents: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[RequestKey]:
        return iter(self._values)

    def find(self, agent: str, request_id: str) -> RequestKey | None:
        """Return the key that the request goes by here; `None` where it is not known."""
        agents = self._agents.get(request_id)
        if agents is None:
            return None
        if agent in agents:
            return agent, request_id
        if agent == UNKNOWN:
            return next(reversed(agents)), request_id
        return (UNKNOWN, request_id) if UNKNOWN in agents else None

    def get(self, key: RequestKey) -> V | None:
        """Return the value of exactly this key."""
        return self._values.get(key)

    def values(self) -> Iterator[V]:
        """Yield all values."""
        return iter(self._values.values())

    def put(self, key: RequestKey, value: V) -> None:
        """Put a value in, under a key that has none."""
        agent, request_id = key
        self._values[key] = value
        self._agents.setdefault(request_id, {})[agent] = None

    def pop(self, key: RequestKey) -> V:
        """Take a value out, under a key that has one."""
        agent, request_id = key
        agents = self._agents[request_id]
        del agents[agent]
        if not agents:
            del self._agents[request_id]
        return self._values.pop(key)


class LoneEnd:
    """An end that came without a start, at `at` (Unix seconds); `met` once a start came after."""

    __slots__ = ("at", "met")

    def __init__(self, at: float) -> None:
        self.at = at
        self.met = False


class LoneEnds:
    """The last `ENDS_MAX` ends that had no start, by which starts are known to come too late.

    A start that came late without an instant of its own is dated after its end, and looks just like
    a new request that uses the id again. So an end is good for one such start alone; if that one
    ends in its turn, it was a new request, and its end is not kept: an agent that uses one id over
    and over is told wrong once, not for ever.
    """

    def __init__(self) -> None:
        self._ends: ByRequest[LoneEnd] = ByRequest()

    def add(self, event: RequestEnded) -> None:
        """Take in an end without a start."""
        key = (event.agent, event.request_id)
        if self._ends.get(key) is not None and self._ends.pop(key).met:
            return
        self._ends.put(key, LoneEnd(event.at))
        if len(self._ends) > ENDS_MAX:
            self._ends.pop(next(iter(self._ends)))

    def take(self, start: RequestStarted) -> bool:
        """Return whether a start is of a request that has ended already."""
        key = self._ends.find(start.agent, start.request_id)
        end = self._ends.get(key) if key is not None else None
        if end is None or (end.met and start.at > end.at):
            return False
        end.met = True
        return True

    def save(self) -> list[SavedLoneEnd]:
        """Return the ends, the first that came first."""
        ends = ((key, self._ends.get(key)) for key in self._ends)
        return [SavedLoneEnd(*key, end.at, end.met) for key, end in ends if end is not None]

    def restore(self, form: SavedLoneEnd) -> None:
        """Take in an end that was saved, after all that came before it."""
        end = LoneEnd(form.at)
        end.met = form.met
        self._ends.put((form.agent, form.request_id), end)
