"""A process of its own that serves gzip bombs, so that its peak of memory tells of nothing else.

Prints as JSON what each was answered, and by how much the peak grew.
"""

import asyncio
import json
import re
import zlib
from pathlib import Path

from exporter.app import Exporter
from exporter.config import Config, Storage, Web
from exporter.decode.content import GZIP_WINDOW_BITS
from tests.clock import ManualClock
from tests.hostile.raw import GZIP, a_push, ask
from tests.web import NOW

ZEROS_BYTES = 200_000_000


def peak_bytes() -> int:
    """Return the most memory that was ever resident."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def bomb() -> bytes:
    """Return the packed zeros, made piece by piece so that making them is no peak."""
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP_WINDOW_BITS)
    piece = bytes(ZEROS_BYTES // 200)
    return b"".join([*(packer.compress(piece) for _ in range(200)), packer.flush()])


async def main() -> None:
    """Push one bomb, then ten at once."""
    config = Config(web=Web(listen_address=("127.0.0.1:0",)), storage=Storage(path=""))
    exporter = Exporter(config, clock=ManualClock(NOW))
    await exporter.start()
    address = exporter.addresses[0]
    data = a_push(GZIP, body=bomb())
    assert (await ask(address, a_push())).status == 200
    before = peak_bytes()
    statuses = [(await ask(address, data)).status]
    answers = await asyncio.gather(*(ask(address, data) for _ in range(10)))
    statuses += [answer.status for answer in answers]
    await exporter.stop()
    print(json.dumps({"statuses": statuses, "grown_bytes": peak_bytes() - before}))  # noqa: T201 - its report


if __name__ == "__main__":
    asyncio.run(main())
