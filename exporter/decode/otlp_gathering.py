"""What is gathered from one body: the records, and how many could not be understood."""

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from exporter.decode.otlp_rules import Unfit
from exporter.event.otel import Origin
from exporter.event.rejection import Code, Refusal

R = TypeVar("R")
I = TypeVar("I")  # noqa: E741 - an item on the wire, as R is a record


class Decoded(NamedTuple, Generic[R]):
    """The records of a body, and how many others there were that could not be understood."""

    records: list[R]
    unfit: int


class Gathering(Generic[R]):
    """Gathers the records of one body, and holds it to its bounds.

    What holds records is counted too, since a body may have millions of those and no record. There
    may be as many resources, scopes and metrics as records.
    """

    def __init__(self, records_max: int) -> None:
        self._records: list[R] = []
        self._records_max = records_max
        self._records_left = records_max
        self._holders_left = 3 * records_max
        self._unfit = 0

    def enter(self, holders: int = 1) -> None:
        """Count what holds records. Raises `Refusal` (`too_large`) where there are too many."""
        self._holders_left -= holders
        if self._holders_left < 0:
            raise Refusal(Code.TOO_LARGE, "there are more resources, scopes and metrics than taken")

    def take(
        self, items: Iterable[I], origin: Origin, read: Callable[[I, Origin], R | None]
    ) -> None:
        """Read records, those that say nothing (`None`) left out, those that raise `Unfit` counted.

        Raises `Refusal` (`too_many_events`) at the first that is too many.
        """
        append = self._records.append
        left = self._records_left
        for item in items:
            left -= 1
            if left < 0:
                raise self._too_many()
            try:
                record = read(item, origin)
            except Unfit:
                self._unfit += 1
                continue
            if record is not None:
                append(record)
        self._records_left = left

    def pass_over(self, records: int) -> None:
        """Count records that cannot be understood. Raises as `take`."""
        self._records_left -= records
        self._unfit += records
        if self._records_left < 0:
            raise self._too_many()

    def decoded(self) -> Decoded[R]:
        """Return what was gathered."""
        return Decoded(self._records, self._unfit)

    def _too_many(self) -> Refusal:
        return Refusal(
            Code.TOO_MANY_EVENTS, f"the body holds more than {self._records_max} records"
        )
