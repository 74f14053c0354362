"""A bearer token that whoever pushes must carry."""

import hmac
import re
from pathlib import Path

from exporter.config.error import ConfigError

TOKEN_BYTES_MAX = 4096
"""A header line has room for about twice as many."""

CHALLENGE = 'Bearer realm="agent-exporter"'

_TOKEN = re.compile(rb"[\x21-\x7e]+")


def read_token(path: Path) -> bytes:
    """Return the token that a file holds, the white space around it left out.

    Raises `ConfigError` where it cannot be read, is empty, or holds more than one token.
    """
    try:
        with path.open("rb") as file:
            content = file.read(TOKEN_BYTES_MAX + 1)
    except OSError as error:
        raise _blame(error.strerror or "cannot be read") from None
    token = content.strip()
    if not token:
        raise _blame("empty")
    if len(content) > TOKEN_BYTES_MAX or not _TOKEN.fullmatch(token):
        raise _blame(f"expected one token of visible ASCII, at most {TOKEN_BYTES_MAX} bytes")
    return token


def is_bearer(authorization: str, token: bytes) -> bool:
    """Return whether an `Authorization` header carries this token, in the same time either way."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token)


def _blame(reason: str) -> ConfigError:
    return ConfigError(f"ingest.token_file: {reason}")
