"""Whether a client can be enabled: what it was given, made into a sender, or one warning."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from exporter.client.address import parsed
from exporter.client.sender import Sender
from exporter.client.transport import Transport

QUEUE_EVENTS_MAX: Final = 1_000_000
BATCH_EVENTS_MAX: Final = 10_000
FLUSH_SECS_MAX: Final = 3600.0

_log = logging.getLogger("exporter.client")


def opened(
    url: str,
    token: str | None,
    *,
    queue_events_max: int,
    batch_events_max: int,
    flush_secs: float,
    defaults: Mapping[str, Any],
) -> Sender | None:
    """Return what sends to this URL, or `None`, with a warning, where that cannot be.

    Numbers are brought into their ranges.
    """
    try:
        return Sender(
            Transport(parsed(url, token)),
            events_max=int(min(max(queue_events_max, 1), QUEUE_EVENTS_MAX)),
            batch_events_max=int(min(max(batch_events_max, 1), BATCH_EVENTS_MAX)),
            flush_secs=float(min(max(flush_secs, 0.0), FLUSH_SECS_MAX)),
            defaults=dict(defaults),
        )
    except ValueError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - a program goes on, whatever it was started with
        reason = type(error).__name__
    _log.warning("nothing is sent to the exporter: %s", reason)
    return None
