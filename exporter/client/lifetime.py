"""What becomes of senders when the process forks or ends.

All of them share one hook of each kind, which holds none of them alive. A worker of
`multiprocessing` ends without the hooks of `atexit`, so it gets one of its own.
"""

import atexit
import os
import sys
import time
import weakref
from typing import Final, Protocol

EXIT_SECS: Final = 2.0
"""How long the end of a process may be held up, for all senders together."""


class Sender(Protocol):
    """What has a thread and a queue."""

    def renew(self) -> None:
        """Begin anew in the child of a fork, which has neither."""
        ...

    def flush(self, timeout_secs: float) -> bool:
        """Send what waits, within so many seconds; returns whether all of it was."""
        ...


_senders: weakref.WeakSet[Sender] = weakref.WeakSet()


def watch(sender: Sender) -> None:
    """See to a sender whose thread has just been started."""
    _senders.add(sender)
    # The child of a fork may have lost the hook, so it is registered at each start, once.
    atexit.unregister(flush_all)
    atexit.register(flush_all)
    multiprocessing = sys.modules.get("multiprocessing")
    util = sys.modules.get("multiprocessing.util")
    if multiprocessing and util and multiprocessing.parent_process():
        util.Finalize(None, flush_all, exitpriority=0)


def flush_all() -> None:
    """Give every sender what is left of `EXIT_SECS` to send what waits."""
    until = time.monotonic() + EXIT_SECS
    for sender in list(_senders):
        sender.flush(max(0.0, until - time.monotonic()))


def _renew_all() -> None:
    for sender in list(_senders):
        sender.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
