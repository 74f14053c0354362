"""Which connections come about, with certificates made on the spot."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from exporter.config.error import ConfigError
from exporter.config.web_tls import OPENSSL_SUITES, TLSServer
from exporter.web.tls import INLINE_BYTES_MAX, has_allowed_san, tls_context
from tests.web.certificates import HOST, Keys

RSA_SUITES = [name for name in OPENSSL_SUITES if "_ECDSA_" not in name]
ECDSA_SUITES = [name for name in OPENSSL_SUITES if "_ECDSA_" in name]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Return a CA and a server certificate."""
    return Keys(tmp_path)


@pytest.fixture
def tls(keys: Keys) -> TLSServer:
    """Return the section that names the server's certificate and asks for no more."""
    return TLSServer(cert_file=str(keys.cert_file), key_file=str(keys.key_file))


@contextlib.asynccontextmanager
async def listening(tls: TLSServer) -> AsyncIterator[tuple[int, list[dict[str, Any] | None]]]:
    """Serve one line a connection; yield the port and the certificates that clients showed."""
    shown: list[dict[str, Any] | None] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown.append(writer.get_extra_info("peercert"))
        writer.write(b"welcome\n")
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls_context(tls))
    try:
        yield server.sockets[0].getsockname()[1], shown
    finally:
        server.close()
        await server.wait_closed()


async def connect(port: int, client: ssl.SSLContext) -> ssl.SSLObject:
    """Return the encryption agreed on with a server that says welcome; raises `OSError`."""
    reader, writer = await asyncio.open_connection(HOST, port, ssl=client)
    try:
        # In TLS 1.3 a client learns only from the first answer that it was turned away.
        if await reader.readline() != b"welcome\n":
            raise ConnectionResetError
        agreed: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return agreed
    finally:
        writer.close()


async def connects(port: int, client: ssl.SSLContext) -> bool:
    """Return whether a client is let in."""
    try:
        await connect(port, client)
    except OSError:
        return False
    return True


async def test_files_and_texts_hold_the_same_certificate(keys: Keys, tls: TLSServer) -> None:
    """A certificate and a key may be named or written out, also one so and one so."""
    cert, key = keys.cert_file.read_text(), keys.key_file.read_text()
    for section in (
        tls,
        TLSServer(cert=cert, key=key),
        TLSServer(cert_file=tls.cert_file, key=key),
        TLSServer(cert=cert, key_file=tls.key_file),
    ):
        async with listening(section) as (port, _):
            assert (await connect(port, keys.client())).version() == "TLSv1.3"


async def test_http_1_1_is_what_is_spoken(keys: Keys, tls: TLSServer) -> None:
    """A client that would rather have HTTP/2 agrees on HTTP/1.1."""
    client = keys.client()
    client.set_alpn_protocols(["h2", "http/1.1"])
    async with listening(tls) as (port, _):
        assert (await connect(port, client)).selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize(
    ("versions", "speaks", "agreed"),
    [
        (("TLS12", "TLS13"), "TLSv1_2", "TLSv1.2"),
        (("TLS12", "TLS13"), "TLSv1_3", "TLSv1.3"),
        (("TLS13", "TLS13"), "TLSv1_2", None),
        (("TLS12", "TLS12"), "TLSv1_3", None),
        (("TLS12", "TLS12"), "TLSv1_2", "TLSv1.2"),
    ],
)
async def test_only_the_versions_in_range_are_spoken(
    keys: Keys, tls: TLSServer, versions: tuple[str, str], speaks: str, agreed: str | None
) -> None:
    """A client that speaks one version connects where that is in the range, and not else."""
    client = keys.client()
    client.minimum_version = client.maximum_version = ssl.TLSVersion[speaks]
    least, most = versions
    section = msgspec.structs.replace(tls, min_version=least, max_version=most)
    async with listening(section) as (port, _):
        if agreed is None:
            assert not await connects(port, client)
        else:
            assert (await connect(port, client)).version() == agreed


@pytest.mark.parametrize(
    ("suites", "key_type"),
    [(RSA_SUITES, trustme.KeyType.RSA), (ECDSA_SUITES, trustme.KeyType.ECDSA)],
)
async def test_every_suite_of_the_list_is_spoken_and_no_other(
    keys: Keys, tls: TLSServer, suites: list[str], key_type: trustme.KeyType
) -> None:
    """Go's names stand for the suites that OpenSSL then agrees on, one by one."""
    keys.issue(key_type)
    client, other = keys.client(), keys.client()
    for context in (client, other):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(":".join(OPENSSL_SUITES[name] for name in suites))
    for suite in suites:
        section = msgspec.structs.replace(tls, cipher_suites=(suite,))
        other.set_ciphers(":".join(OPENSSL_SUITES[name] for name in suites if name != suite))
        async with listening(section) as (port, _):
            cipher = (await connect(port, client)).cipher()
            assert cipher is not None
            assert cipher[0] == OPENSSL_SUITES[suite]
            assert not await connects(port, other)


@pytest.mark.parametrize("servers_order_counts", [True, False])
async def test_whose_order_of_suites_counts(
    keys: Keys, tls: TLSServer, *, servers_order_counts: bool
) -> None:
    """With equal sets in opposite orders, the one who is preferred gets the first of theirs."""
    ours, theirs = ECDSA_SUITES[0], ECDSA_SUITES[1]
    client = keys.client()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(f"{OPENSSL_SUITES[theirs]}:{OPENSSL_SUITES[ours]}")
    section = msgspec.structs.replace(
        tls, cipher_suites=(ours, theirs), prefer_server_cipher_suites=servers_order_counts
    )
    async with listening(section) as (port, _):
        cipher = (await connect(port, client)).cipher()
    assert cipher is not None
    assert cipher[0] == OPENSSL_SUITES[ours if servers_order_counts else theirs]


async def test_the_curve_of_the_list_is_the_only_one(keys: Keys, tls: TLSServer) -> None:
    """A client that knows another curve only is not let in."""
    section = msgspec.structs.replace(tls, curve_preferences=("CurveP384",))
    same, other = keys.client(), keys.client()
    same.set_ecdh_curve("secp384r1")
    other.set_ecdh_curve("prime256v1")
    async with listening(section) as (port, _):
        assert await connects(port, same)
        assert not await connects(port, other)


@pytest.mark.parametrize(
    ("policy", "without", "with_ours", "with_foreign"),
    [
        ("NoClientCert", True, True, True),
        ("VerifyClientCertIfGiven", True, True, False),
        ("RequireAndVerifyClientCert", False, True, False),
    ],
)
@pytest.mark.parametrize("inline", [False, True])
async def test_whose_certificate_is_asked_for(
    keys: Keys,
    tls: TLSServer,
    policy: str,
    *,
    without: bool,
    with_ours: bool,
    with_foreign: bool,
    inline: bool,
) -> None:
    """A client comes with no certificate, with one of the CA's, or with another CA's."""
    ca = (
        {"client_ca": keys.ca_file.read_text()} if inline else {"client_ca_file": str(keys.ca_file)}
    )
    section = msgspec.structs.replace(
        tls, client_auth_type=policy, **(ca if policy != "NoClientCert" else {})
    )
    async with listening(section) as (port, shown):
        assert await connects(port, keys.client()) == without
        assert await connects(port, keys.client("a.example")) == with_ours
        assert await connects(port, keys.client("a.example", ca=trustme.CA())) == with_foreign
    asked = policy != "NoClientCert"
    assert any(shown) == asked


@pytest.mark.parametrize(
    ("allowed", "is_allowed"),
    [
        (("a.example",), True),
        (("10.0.0.7",), True),
        (("2001:db8::7",), True),
        (("2001:DB8:0:0:0:0:0:7",), True),
        (("someone@a.example",), True),
        (("other", "a.example"), True),
        (("b.example",), False),
        (("A.example",), False),
        (("*.example", "example"), False),
        (("10.0.0.70",), False),
        (("trustme",), False),
    ],
)
async def test_a_name_that_is_allowed_is_in_the_certificate(
    keys: Keys, tls: TLSServer, allowed: tuple[str, ...], *, is_allowed: bool
) -> None:
    """Names of every kind must be equal; addresses may be written in more ways than one."""
    section = msgspec.structs.replace(
        tls, client_auth_type="RequireAndVerifyClientCert", client_ca_file=str(keys.ca_file)
    )
    sans = ("a.example", "10.0.0.7", "2001:db8::7", "someone@a.example")
    async with listening(section) as (port, shown):
        await connect(port, keys.client(*sans))
    assert has_allowed_san(shown[0], allowed) == is_allowed


def test_without_a_certificate_no_name_is_allowed() -> None:
    """Neither on a plain connection, nor where none was asked for, nor in one without names."""
    for certificate in (None, {}, {"subject": ((("commonName", "a.example"),),)}):
        assert not has_allowed_san(certificate, ["a.example"])


def encrypted(key: bytes) -> bytes:
    """Return a key that needs a password."""
    return load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )


PEM_EXPECTED = "expected a PEM certificate chain, and its key without a password"


def test_files_that_cannot_be_used_are_refused_by_key(keys: Keys, tls: TLSServer) -> None:
    """The message names the key and what is wrong; OpenSSL never asks for a password."""
    cert, key = keys.cert_file, keys.key_file
    good_key = key.read_bytes()
    for content, error in (
        (keys.ca.issue_cert(HOST).private_key_pem.bytes(), "do not belong together"),
        (encrypted(good_key), PEM_EXPECTED),
        (b"", PEM_EXPECTED),
        (b"garbage", PEM_EXPECTED),
    ):
        key.write_bytes(content)
        with pytest.raises(ConfigError, match=rf"^tls_server_config\.cert_file: .*{error}$"):
            tls_context(tls)
    key.unlink()
    with pytest.raises(ConfigError, match=r"^tls_server_config\.key_file: No such file"):
        tls_context(tls)
    cert.write_bytes(b"garbage")
    key.write_bytes(good_key)
    with pytest.raises(ConfigError, match=rf"^tls_server_config\.cert_file: {PEM_EXPECTED}$"):
        tls_context(tls)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "expected PEM certificates"),
        (b"garbage", "expected PEM certificates"),
        (b"\xff", "not UTF-8"),
        (None, "No such file or directory"),
    ],
)
def test_a_client_ca_that_cannot_be_used_is_refused(
    tls: TLSServer, tmp_path: Path, content: bytes | None, error: str
) -> None:
    """No CA at all must not become one that trusts nobody, or everybody, in silence."""
    file = tmp_path / "clients.crt"
    if content is not None:
        file.write_bytes(content)
    section = msgspec.structs.replace(
        tls, client_auth_type="RequireAndVerifyClientCert", client_ca_file=str(file)
    )
    with pytest.raises(ConfigError) as raised:
        tls_context(section)
    assert str(raised.value) == f"tls_server_config.client_ca_file: {error}"


def test_a_text_that_no_pipe_holds_is_refused(keys: Keys, tls: TLSServer) -> None:
    """A certificate written out is handed on through a pipe, which never blocks."""
    cert = keys.cert_file.read_text()
    for size, fits in ((INLINE_BYTES_MAX, True), (INLINE_BYTES_MAX + 1, False)):
        section = TLSServer(cert=cert.ljust(size, "\n"), key_file=tls.key_file)
        if fits:
            tls_context(section)
        else:
            with pytest.raises(ConfigError, match=r"; use cert_file$"):
                tls_context(section)
