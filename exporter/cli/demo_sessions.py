"""A session of an agent in the demo: requests, and in each of them model calls and tools in turn.

A request goes on while its calls ask for tools. Calls that fail are tried again where that makes
sense, after a pause or when a limit has ended; others end the request. Between requests the user
thinks. A session that is joined halfway has a request in flight that began a while ago.
"""

from collections.abc import Callable
from typing import Final

from exporter.cli.demo_calls import Call, failed
from exporter.cli.demo_cast import MESSAGE_WEIGHTS, MESSAGES, Agent, Model, Tool
from exporter.cli.demo_failures import Failure
from exporter.cli.demo_weather import Weather
from exporter.cli.demo_world import Event, Steps, World

STEPS_MEDIAN: Final = 5
REQUESTS_MAX: Final = 4
TOOLS: Final = ((1, 2, 3), (6.0, 2.0, 1.0))
ATTEMPTS_MAX: Final = 4
PAUSE_SECS_MAX: Final = 30.0
THINKING_SECS: Final = 12.0

CONTEXT_BEGIN: Final = 14_000
CONTEXT_MAX: Final = 160_000
CONTEXT_COMPACTED: Final = 22_000

HELPED: Final = 0.3
DELEGATED: Final = 0.03
MESSAGED: Final = 0.08
REJECTED: Final = 0.1
ASKED: Final = 0.15
COMMITTED: Final = 0.35
PULL_REQUESTED: Final = 0.3

TASK: Final = "task"


class Session:
    """What one session does, step by step: `steps`.

    `joined` says that it is in the middle of a request already. `requests` are those in flight, by
    id, with the event that ends each, were it to end now. `leave` says whether to begin no other.
    """

    def __init__(
        self,
        world: World,
        weather: Weather,
        agent: Agent,
        channel: str,
        *,
        joined: bool,
        requests: dict[str, Event],
        leave: Callable[[], bool],
    ) -> None:
        self._world = world
        self._weather = weather
        self._agent = agent
        self._channel = channel
        self._joined = joined
        self._requests = requests
        self._leave = leave
        self._model = world.one_of(agent.models, (2.0, *(1.0 for _ in agent.models[1:])))
        self._common: Event = {"agent": agent.name, "session_id": world.new_id("session")}
        self._context = CONTEXT_BEGIN * (int(world.between(1, 8)) if joined else 1)
        self._added = 400

    def steps(self) -> Steps[None]:
        """Do all that the session does."""
        yield self._activity("session", 1)
        for _ in range(self._world.random.randint(1, REQUESTS_MAX)):
            yield from self._request()
            if self._leave():
                return
            thinking_secs = self._world.around(THINKING_SECS)
            yield thinking_secs
            yield self._activity("active_user", thinking_secs)

    def _request(self) -> Steps[None]:
        request_id = self._world.new_id("request")
        common = self._common | {"request_id": request_id}
        channel = {"channel": self._channel}
        began_at = self._world.now - (self._world.between(0, 90) if self._joined else 0)
        end = common | channel | {"type": "request_ended"}
        self._requests[request_id] = end
        yield common | channel | {"type": "request_started", "started_at": began_at}
        error = yield from self._work(common)
        yield self._activity("active_cli", self._since(began_at))
        del self._requests[request_id]
        yield end | ({"success": False, "error": error} if error else {"success": True})

    def _work(self, common: Event) -> Steps[str | None]:
        """Call the model and run its tools until it is done; returns why it failed, if it did."""
        if self._agent.helper is not None and self._world.chance(HELPED):
            yield from self._call(common, self._agent.helper, expected="stop", alone=True)
        for left in reversed(range(max(1, int(self._world.around(STEPS_MEDIAN))))):
            expected = "tool_calls" if left else "stop"
            error = yield from self._call(common, self._model, expected=expected)
            if error is not None:
                return error
            if self._world.chance(MESSAGED):
                yield self._message()
            if left:
                yield from self._tools(common)
        if self._agent.writes_code:
            yield from self._hand_in()
        return None

    # Model calls.

    def _call(
        self, common: Event, model: Model, *, expected: str, alone: bool = False
    ) -> Steps[str | None]:
        """Call a model until it answers; returns why it did not, where it was given up.

        A call that stands `alone` knows nothing of the session and leaves nothing behind.
        """
        error = None
        for attempt in range(ATTEMPTS_MAX):
            failure = self._weather.trouble(self._agent, model)
            if failure is None:
                yield from self._answered(common, model, expected=expected, alone=alone)
                return None
            secs = self._world.between(*failure.secs)
            yield secs
            yield failed(common, model, failure, secs)
            error = failure.text
            if not failure.retried:
                break
            yield self._pause_secs(failure, attempt)
        return error

    def _answered(self, common: Event, model: Model, *, expected: str, alone: bool) -> Steps[None]:
        call = Call(
            self._world,
            model,
            context=0 if alone else self._context,
            added=int(self._world.around(900)) if alone else self._added,
            slowdown=self._weather.slowdown(model.provider),
        )
        yield call.secs * (self._world.random.random() if self._joined else 1.0)
        self._joined = False
        yield from call.events(self._agent, common, expected=expected)
        if not alone:
            yield from self._remember(call)

    def _remember(self, call: Call) -> Steps[None]:
        self._context += self._added + call.generated
        self._added = int(self._world.around(1200, 0.9))
        if self._context > CONTEXT_MAX:
            context = {"tokens_before": self._context, "tokens_after": CONTEXT_COMPACTED}
            self._context = CONTEXT_COMPACTED
            yield self._log("info", "compaction", "context compacted", context)

    def _pause_secs(self, failure: Failure, attempt: int) -> float:
        if failure.resets_at is not None:
            return min(max(1.0, failure.resets_at - self._world.now + 0.5), PAUSE_SECS_MAX)
        return float(2**attempt) * self._world.between(0.5, 1.0)

    # Tools, and what comes of them.

    def _tools(self, common: Event) -> Steps[None]:
        if self._agent.helper is not None and self._world.chance(DELEGATED):
            yield from self._delegate(common, self._agent.helper)
            return
        tools, weights = zip(*self._agent.tools, strict=True)
        for _ in range(self._world.one_of(*TOOLS)):
            yield from self._tool(common, self._world.one_of(tools, weights))

    def _tool(self, common: Event, tool: Tool) -> Steps[None]:
        if tool.edits:
            accepted = yield from self._decision(tool)
            if not accepted:
                return
        secs = self._world.around(tool.secs, 0.9)
        yield secs
        fails = self._world.chance(tool.failing)
        yield _tool_call(common, tool.name, secs, error="exit code 1" if fails else None)
        if tool.edits and not fails:
            yield self._activity("lines_added", int(self._world.around(9, 1.0)))
            yield self._activity("lines_removed", int(self._world.around(4, 1.0)))

    def _decision(self, tool: Tool) -> Steps[bool]:
        """Ask the user, at times, whether an edit may be made; returns whether it may."""
        if self._channel != "ci" and self._world.chance(ASKED):
            secs = self._world.around(5.0, 0.7)
            yield secs
            yield self._activity("user_wait", secs)
        accepted = not self._world.chance(REJECTED)
        kind = "edit_accepted" if accepted else "edit_rejected"
        yield self._activity(kind, 1) | {"tool": tool.name}
        return accepted

    def _delegate(self, common: Event, helper: Model) -> Steps[None]:
        """Have a smaller model do a part of the work, as a tool whose calls are inside it."""
        began_at = self._world.now
        error = None
        for left in reversed(range(self._world.random.randint(2, 4))):
            expected = "tool_calls" if left else "stop"
            error = yield from self._call(common, helper, expected=expected, alone=True)
            if error is not None:
                break
        yield _tool_call(common, TASK, self._since(began_at), error=error)

    def _hand_in(self) -> Steps[None]:
        if self._world.chance(COMMITTED):
            yield self._activity("commit", 1)
            if self._world.chance(PULL_REQUESTED):
                yield self._activity("pull_request", 1)

    # What else is told.

    def _since(self, instant: float) -> float:
        # The time may be set back while something goes on.
        return max(0.0, self._world.now - instant)

    def _activity(self, kind: str, amount: float) -> Event:
        return self._common | {"type": "activity", "kind": kind, "amount": round(amount, 3)}

    def _message(self) -> Event:
        level, source, text, context = self._world.one_of(MESSAGES, MESSAGE_WEIGHTS)
        return self._log(level, source, text, context)

    def _log(self, level: str, source: str, text: str, context: Event) -> Event:
        log = {"type": "log", "level": level, "source": source, "message": text}
        return self._common | log | {"context": context}


def _tool_call(common: Event, tool: str, secs: float, *, error: str | None) -> Event:
    event = common | {"type": "tool_call", "tool": tool, "duration_ms": round(secs * 1000, 1)}
    return event | ({"success": False, "error": error} if error else {"success": True})
