"""`tls_server_config` -> an `ssl.SSLContext`, and the names in a client's certificate."""

import ipaddress
import os
import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from exporter.config.document import read_file
from exporter.config.error import ConfigError
from exporter.config.web_tls import (
    NO_CLIENT_CERT,
    OPENSSL_CURVES,
    REQUIRE_AND_VERIFY,
    VERIFY_IF_GIVEN,
    TLSServer,
    suites_1_2,
)

INLINE_BYTES_MAX = 16 * 1024
"""Bytes of a certificate chain or key inside the file: what a pipe holds on every system."""

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_VERIFY = {
    NO_CLIENT_CERT: ssl.CERT_NONE,
    VERIFY_IF_GIVEN: ssl.CERT_OPTIONAL,
    REQUIRE_AND_VERIFY: ssl.CERT_REQUIRED,
}

_SAN_KINDS = ("DNS", "IP Address", "URI", "email")


def tls_context(tls: TLSServer) -> ssl.SSLContext:
    """Return the context of a server; reads the files that are named.

    Raises `ConfigError` where a file cannot be read or what it holds cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # In this order: what is asked for may lie outside the range there was.
    context.maximum_version = _VERSIONS[tls.max_version]
    context.minimum_version = _VERSIONS[tls.min_version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _restrict(context, tls)
    _load_certificate(context, tls)
    _load_client_ca(context, tls)
    return context


def _restrict(context: ssl.SSLContext, tls: TLSServer) -> None:
    """Leave only the suites and the curve that are listed; OpenSSL may be built without them."""
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        if suites_1_2(tls):
            context.set_ciphers(":".join(suites_1_2(tls)))
    except ssl.SSLError:
        raise _blame("cipher_suites", "this OpenSSL offers none of them") from None
    try:
        for curve in tls.curve_preferences:
            context.set_ecdh_curve(OPENSSL_CURVES[curve])
    except (ssl.SSLError, ValueError):
        raise _blame("curve_preferences", "this OpenSSL does not offer it") from None


def _load_certificate(context: ssl.SSLContext, tls: TLSServer) -> None:
    with ExitStack() as stack:
        cert = _readable(tls.cert_file, "cert_file") or stack.enter_context(
            _as_file(tls.cert, "cert")
        )
        key = _readable(tls.key_file, "key_file") or stack.enter_context(_as_file(tls.key, "key"))
        try:
            # Without a password of ours OpenSSL would ask for one on the terminal.
            context.load_cert_chain(cert, key, password="")
        except OSError as error:
            reason = "expected a PEM certificate chain, and its key without a password"
            if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
                reason = "the certificate and the key do not belong together"
            raise _blame("cert_file" if tls.cert_file else "cert", reason) from None


def _load_client_ca(context: ssl.SSLContext, tls: TLSServer) -> None:
    context.verify_mode = _VERIFY[tls.client_auth_type]
    if context.verify_mode == ssl.CERT_NONE:
        return
    key, text = "client_ca", tls.client_ca
    if tls.client_ca_file:
        key = "client_ca_file"
        try:
            text = read_file(Path(tls.client_ca_file))
        except ConfigError as error:
            raise _blame(key, str(error)) from None
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise _blame(key, "expected PEM certificates") from None


def _readable(path: str, key: str) -> str:
    """Return the path, having seen that it can be read: OpenSSL does not say which cannot."""
    if path:
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - the path is passed on as it is
                file.read(1)
        except OSError as error:
            raise _blame(key, error.strerror or "cannot be read") from None
    return path


@contextmanager
def _as_file(text: str, key: str) -> Iterator[str]:
    """Give a text a path to be read from once, without leaving it on a disk."""
    content = text.encode()
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        whole = len(content) <= INLINE_BYTES_MAX and os.write(writer, content) == len(content)
    finally:
        os.close(writer)
    try:
        if not whole:
            raise _blame(key, f"larger than {INLINE_BYTES_MAX} bytes; use {key}_file")
        yield f"/dev/fd/{reader}"
    finally:
        os.close(reader)


def _blame(key: str, reason: str) -> ConfigError:
    return ConfigError(f"tls_server_config.{key}: {reason}")


def has_allowed_san(certificate: Mapping[str, Any] | None, allowed: Collection[str]) -> bool:
    """Return whether a peer's certificate, as `getpeercert` tells it, carries an allowed name.

    Names of hosts, e-mail addresses and URIs must be equal; IP addresses are compared as such.
    """
    sans = (certificate or {}).get("subjectAltName", ())
    names = {_plain(name) for kind, name in sans if kind in _SAN_KINDS}
    return not names.isdisjoint(_plain(name) for name in allowed)


def _plain(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name
