"""The tables, as numbered migrations: each is run once, in order, in a transaction of its own.

A published migration never changes; what has to change is another one at the end.
"""

import sqlite3

from exporter.fault import StartError

MIGRATIONS = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE groups (
        seq INTEGER PRIMARY KEY,
        committed_at REAL NOT NULL,
        crc INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE TABLE parts (
        id INTEGER PRIMARY KEY,
        snapshot INTEGER NOT NULL,
        name TEXT NOT NULL,
        crc INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    """,
    # New kinds of events, which an older program would take for damage.
    "",
    # Windows of tools, readings of quotas and agents heard, which an older program would lose.
    "",
    # Groups are in a log of their own (`exporter.journal.log`), which bears this name. Those that
    # are in the table still are moved there at the next start.
    """
    INSERT INTO facts
    VALUES ('LogName', '{"name":"' || lower(hex(randomblob(16))) || '"}');
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date. Raises `StartError` where they are newer than this program."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StartError("the journal was written by a newer version of agent-exporter")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")
