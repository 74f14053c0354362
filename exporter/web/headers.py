"""What every answer carries, whoever makes it."""

from collections.abc import Mapping

EVERY_ANSWER: Mapping[str, str] = {
    # aiohttp would name itself and Python with their versions.
    "Server": "agent-exporter",
    # What agents push is shown as what it is, never as what a browser makes of it.
    "X-Content-Type-Options": "nosniff",
    # No other page may embed an answer, not even as a picture or a script.
    "Cross-Origin-Resource-Policy": "same-origin",
}
