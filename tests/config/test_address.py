"""Listen addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import parse_address

LABEL = "a" * 63
LONGEST = f"{LABEL}.{LABEL}.{LABEL}.{'a' * 61}"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:24368", ("127.0.0.1", 24368)),
        ("localhost:0", ("localhost", 0)),
        ("agent-1.example.com:65535", ("agent-1.example.com", 65535)),
        ("localhost.:1", ("localhost.", 1)),
        (f"{LABEL}.{LABEL}:1", (f"{LABEL}.{LABEL}", 1)),
        (f"{LONGEST}:1", (LONGEST, 1)),
        (f"{LONGEST}.:1", (f"{LONGEST}.", 1)),
        (":24368", (None, 24368)),
        (":0", (None, 0)),
        ("[::1]:9100", ("::1", 9100)),
        ("[::]:9100", ("::", 9100)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str | None, int]) -> None:
    """Each form of an address names a host, or all interfaces, and a port."""
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "24368",
        "localhost",
        "localhost:",
        "localhost:http",
        "localhost:-1",
        "localhost:65536",
        "localhost:999999",
        "localhost:1 ",
        "localhost:1\n",
        "localhost:٣",
        "::1:9100",
        "[::1]",
        "[]:9100",
        "[localhost]:9100",
        "[::1:9100",
        "http://localhost:1",
        "user@localhost:1",
        "a b:1",
        "127.0.0.1:1,127.0.0.1:2",
        ".:1",
        "a..b:1",
        ".a:1",
        "a..:1",
        "..:1",
        f"{LABEL}x:1",
        f"a.{LABEL}x.b:1",
        f"{LONGEST}x:1",
        f"{LONGEST}.a:1",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Anything else is refused, in words that do not repeat it."""
    with pytest.raises(ValueError, match=r"^expected") as caught:
        parse_address(text)
    assert not text.strip() or text == ":" or text not in str(caught.value)


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Whatever the text, there is a port in range or a `ValueError`."""
    try:
        host, port = parse_address(text)
    except ValueError:
        return
    assert 0 <= port <= 65535
    assert host != ""


@given(st.lists(st.text("a.-_0", max_size=70), max_size=5).map(".".join))
def test_a_host_is_one_that_a_resolver_takes(host: str) -> None:
    """No host that passes fails to be encoded for a look-up."""
    try:
        parsed, _ = parse_address(f"{host}:1")
    except ValueError:
        return
    assert parsed is None or parsed.encode("idna").decode() == parsed
