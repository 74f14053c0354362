"""Which files hold a token, and which headers carry it."""

from pathlib import Path

import pytest

from exporter.config.error import ConfigError
from exporter.web.bearer import TOKEN_BYTES_MAX, is_bearer, read_token

TOKEN = b"s3cret-t0ken=="


@pytest.mark.parametrize(
    "content", [TOKEN, TOKEN + b"\n", b"\r\n \t" + TOKEN + b"  \r\n", b"a" * TOKEN_BYTES_MAX]
)
def test_a_file_holds_one_token(tmp_path: Path, content: bytes) -> None:
    """The white space around it is not part of it."""
    file = tmp_path / "token"
    file.write_bytes(content)
    assert read_token(file) == content.strip()


ONE = f"expected one token of visible ASCII, at most {TOKEN_BYTES_MAX} bytes"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"two tokens", ONE),
        (b"two\ntokens\n", ONE),
        (b"t\xc3\xb6ken", ONE),
        (b"tok\x00en", ONE),
        (b"a" * (TOKEN_BYTES_MAX + 1), ONE),
        (None, "No such file or directory"),
    ],
)
def test_a_file_without_one_token_is_refused(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    """Above all, an empty file is no empty token, which everybody would have."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        read_token(file)
    assert str(raised.value) == f"ingest.token_file: {reason}"


@pytest.mark.parametrize(
    ("header", "is_right"),
    [
        ("Bearer s3cret-t0ken==", True),
        ("bearer s3cret-t0ken==", True),
        ("BEARER  s3cret-t0ken== ", True),
        ("Bearer s3cret-t0ken=", False),
        ("Bearer s3cret-t0ken===", False),
        ("Bearer S3cret-t0ken==", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("", False),
        ("s3cret-t0ken==", False),
        ("Basic s3cret-t0ken==", False),
        ("Bearer t\xf6ken", False),
        ("Bearer t\udcffken", False),
        ("Bearer " + "a" * 8000, False),
    ],
)
def test_the_header_carries_the_whole_token(header: str, *, is_right: bool) -> None:
    """The scheme is in any case, the token in its own; odd bytes are wrong and no fault."""
    assert is_bearer(header, TOKEN) == is_right
