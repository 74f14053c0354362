"""What readers tell, in a form that tests compare: within all bounds, and without ids."""

from collections.abc import Iterable
from typing import Any

from exporter.agents.agent import Agent
from exporter.event.types import Event
from tests.agents.records import NOW, checked


def without_ids(events: Iterable[Event]) -> list[Event]:
    """Return the events, having seen that they are right, without their ids."""
    found = checked(events)
    for event in found:
        event.id = None
    return found


def of_run(
    agent: Agent, *lines: dict[str, Any], model: str | None = None, secs_a_line: float = 0.0
) -> list[Event]:
    """Return what the lines of a run tell of, its end included, without ids.

    Lines come at `NOW`, or one after the other. No two events are taken for one, and the run
    ends once.
    """
    assert agent.stream is not None
    stream = agent.stream(model)
    events: list[Event] = []
    for index, line in enumerate(lines):
        events += stream.read(line, NOW + index * secs_a_line)
    events += stream.end(NOW + len(lines) * secs_a_line)
    assert not list(stream.end(NOW)), "a stream ends once"
    assert len({event.id for event in events}) == len(events)
    return without_ids(events)
