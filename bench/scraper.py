"""Scrapes again and again, as a process of its own: what pushes have to live beside.

Before each scrape every series is changed, so that all of it has to be rendered. The answer is read
and thrown away, at hardly any cost to the core it shares with whoever pushes. Prints, as JSON, how
many events it pushed and when each scrape began and ended, on the monotonic clock, in seconds.
"""

import argparse
import json
import socket
import time
from typing import NamedTuple

import fill

BUFFER_BYTES = 1 << 20
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n"
QUIET_SECS = 0.05
"""Between changing series and the scrape, so that pushes meet one of them at a time."""


class Scrapes(NamedTuple):
    """What one run did: events it pushed, and the scrapes as (began, ended)."""

    events: int
    spans: list[tuple[float, float]]


def scrape(port: int) -> tuple[float, float]:
    """Scrape once, and return when it began and ended."""
    buffer = bytearray(BUFFER_BYTES)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        began = time.monotonic()
        connection.sendall(REQUEST % port)
        while connection.recv_into(buffer):
            pass
        return began, time.monotonic()


def main() -> None:
    """Change everything and scrape, until the time is up."""
    parser = argparse.ArgumentParser(description="Scrape again and again.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    keys = fill.keys(options.lines)
    bodies = list(fill.one_of_each(keys))
    done = Scrapes(0, [])
    ends_at = time.monotonic() + options.seconds
    while time.monotonic() < ends_at:
        fill.push(options.port, bodies)
        time.sleep(QUIET_SECS)
        done = Scrapes(done.events + len(keys), [*done.spans, scrape(options.port)])
    print(json.dumps(done._asdict()))


if __name__ == "__main__":
    main()
