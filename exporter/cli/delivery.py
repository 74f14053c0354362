"""Lines of NDJSON to the exporter, so that each counts once and it is known what became of it.

A batch goes with an `Idempotency-Key` of its own, and is sent again under that key until there is
an answer that stands or its time is up: the exporter counts it once, however often it comes. Where
a batch is refused for its size, because the exporter is set to take less, its halves are sent.
"""

import itertools
import time
import uuid
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from exporter.cli.batches import Line
from exporter.cli.connection import Answer, Connection, NoAnswerError
from exporter.client.address import Address
from exporter.client.backoff import is_worth_repeating, retry_after_secs

PAUSE_SECS: Final = 0.1
PAUSE_SECS_MAX: Final = 5.0
ATTEMPT_SECS_MAX: Final = 10.0

OK: Final = 200
BAD_REQUEST: Final = 400
TOO_LARGE: Final = 413

# These texts will be printed, and what answers may be anything.
Word = Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$")]
Place = Annotated[str, Meta(pattern=r"^\$[\x21-\x7e]{0,200}$")]


class NotDeliveredError(Exception):
    """A batch was not taken, or nobody knows: why, in our own words."""


class ItemError(msgspec.Struct, frozen=True):
    """Why an event was not taken, by its position in the batch."""

    index: int
    code: Word
    path: Place = "$"


class Reply(msgspec.Struct, kw_only=True):
    """What became of a batch; `resent` of the duplicates are of what an earlier attempt brought."""

    accepted: int
    duplicates: int
    rejected: int
    errors: list[ItemError]
    resent: int = 0


class _Problem(msgspec.Struct):
    code: Word


class Delivery:
    """Pushes batches, one after the other. `timeout_secs` is what one may take."""

    def __init__(self, address: Address, *, timeout_secs: float) -> None:
        self._connection = Connection(address)
        self._timeout_secs = timeout_secs
        run = uuid.uuid4().hex
        self._keys = (f"{run}-{number}" for number in itertools.count())

    def deliver(self, lines: Sequence[Line]) -> Reply:
        """Return what became of the lines; raises `NotDeliveredError`."""
        body = b"\n".join(line.body for line in lines)
        answer, unsure = self._answer(body, next(self._keys))
        if answer.status == TOO_LARGE:
            return self._deliver_halves(lines)
        reply = _reply(answer)
        if unsure and not reply.accepted:
            reply.resent = reply.duplicates
        return reply

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _answer(self, body: bytes, key: str) -> tuple[Answer, bool]:
        """Send until an answer stands; return it, and whether an attempt before may have counted.

        Raises `NotDeliveredError` once the time is up.
        """
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
        deadline = time.monotonic() + self._timeout_secs
        left_secs, pause_secs, unsure = self._timeout_secs, PAUSE_SECS, False
        while left_secs > 0:
            wait_secs = pause_secs
            try:
                answer = self._connection.post(body, headers, min(left_secs, ATTEMPT_SECS_MAX))
            except NoAnswerError as error:
                reason, unsure = str(error), unsure or error.sent
            else:
                if not is_worth_repeating(answer.status):
                    return answer, unsure
                reason = _refusal(answer)
                told_secs = retry_after_secs(answer.retry_after, time.time())
                wait_secs = max(pause_secs, told_secs)
            time.sleep(max(0.0, min(wait_secs, deadline - time.monotonic())))
            left_secs = deadline - time.monotonic()
            pause_secs = min(2 * pause_secs, PAUSE_SECS_MAX)
        raise NotDeliveredError(reason)

    def _deliver_halves(self, lines: Sequence[Line]) -> Reply:
        if len(lines) == 1:
            error = ItemError(0, "too_large")
            return Reply(accepted=0, duplicates=0, rejected=1, errors=[error])
        middle = len(lines) // 2
        first, second = self.deliver(lines[:middle]), self.deliver(lines[middle:])
        moved = [ItemError(error.index + middle, error.code, error.path) for error in second.errors]
        return Reply(
            accepted=first.accepted + second.accepted,
            duplicates=first.duplicates + second.duplicates,
            rejected=first.rejected + second.rejected,
            errors=first.errors + moved,
            resent=first.resent + second.resent,
        )


def _reply(answer: Answer) -> Reply:
    if answer.status not in (OK, BAD_REQUEST):
        raise NotDeliveredError(_refusal(answer))
    try:
        return msgspec.json.decode(answer.body, type=Reply)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if answer.status == OK:
            raise NotDeliveredError("what answers there is not an agent-exporter") from None
        raise NotDeliveredError(_refusal(answer)) from None


def _refusal(answer: Answer) -> str:
    try:
        code = msgspec.json.decode(answer.body, type=_Problem).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return f"answered {answer.status}"
    return f"answered {answer.status} ({code})"
