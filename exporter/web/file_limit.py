"""How many files the process may have open: every connection is one."""

import resource

RESERVED_FILES = 64
"""What is kept for everything that is no connection: the database, listeners, logs, threads."""

FILES_MAX = 65_536


def raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one, within reason; return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections_within(connections_max: int) -> int:
    """Return how many connections of those that are wished for the limit of open files allows."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections_max
    return max(1, min(connections_max, soft - RESERVED_FILES))
