"""`tls_server_config` of the web configuration file: its keys, and what of them OpenSSL can keep.

The format is that of Prometheus's exporter-toolkit, whose names are Go's. What Go's TLS can and
Python's cannot is refused by name rather than left out: whoever asks for a protection must not
find that there is none. So TLS before 1.2, client certificates that nobody verifies, and more
than one curve are errors here.
"""

import os.path
from collections.abc import Callable
from pathlib import Path

import msgspec

from exporter.config.error import ConfigError
from exporter.config.sections import Section

Blame = Callable[[str, str], ConfigError]
"""(key, reason) -> the error that names the key and its line."""

NO_CLIENT_CERT = "NoClientCert"
VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
REQUIRE_AND_VERIFY = "RequireAndVerifyClientCert"

_UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")

_VERSIONS = ("TLS12", "TLS13")
_OLD_VERSIONS = ("TLS10", "TLS11")

TLS_1_3_SUITES = (
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
)
"""Always on offer with TLS 1.3, whatever is listed; so it is in Go."""

OPENSSL_SUITES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
}
"""Go's names of the TLS 1.2 suites that Go itself calls secure -> OpenSSL's names."""

OPENSSL_CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}


class TLSServer(Section, frozen=True, kw_only=True):
    """How connections are secured; an empty text means not set.

    - `cert`, `key`, `client_ca`: PEM texts; `cert_file`, `key_file`, `client_ca_file`: files with
      them, relative to the directory of the configuration file.
    - `client_auth_type`: whether a client must show a certificate that `client_ca` signed.
    - `client_allowed_sans`: where not empty, the certificate must carry one of these names.
    - `min_version`, `max_version`, `cipher_suites` (of TLS 1.2), `curve_preferences`: what is
      spoken. `prefer_server_cipher_suites`: whose order of suites counts.
    """

    cert: str = ""
    key: str = ""
    client_ca: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    client_auth_type: str = NO_CLIENT_CERT
    client_allowed_sans: tuple[str, ...] = ()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[str, ...] = ()

    @property
    def requires_client_cert(self) -> bool:
        """Whether nobody comes in without a certificate."""
        return self.client_auth_type == REQUIRE_AND_VERIFY

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read besides the configuration file."""
        return tuple(filter(None, (self.cert_file, self.key_file, self.client_ca_file)))


def checked(tls: TLSServer, directory: Path, blame: Blame) -> TLSServer:
    """Return the section with its files in `directory`; raises what `blame` makes of a fault."""
    _check_sources(tls, blame)
    _check_clients(tls, blame)
    _check_versions(tls, blame)
    _check_suites(tls, blame)
    _check_curves(tls, blame)
    return msgspec.structs.replace(
        tls,
        client_auth_type=tls.client_auth_type or NO_CLIENT_CERT,
        cert_file=_located(tls.cert_file, directory),
        key_file=_located(tls.key_file, directory),
        client_ca_file=_located(tls.client_ca_file, directory),
    )


def _located(name: str, directory: Path) -> str:
    return os.path.join(directory, name) if name else ""  # noqa: PTH118 - Path("") is "."


def _check_sources(tls: TLSServer, blame: Blame) -> None:
    for key in ("cert", "key", "client_ca"):
        text, file = getattr(tls, key), getattr(tls, f"{key}_file")
        if text and file:
            raise blame(f"{key}_file", f"expected either {key} or {key}_file")
        if not text and not file and key != "client_ca":
            raise blame("", f"expected {key} or {key}_file")
        if "\0" in file:
            raise blame(f"{key}_file", "expected a path, without a null character")


def _check_clients(tls: TLSServer, blame: Blame) -> None:
    wanted = tls.client_auth_type or NO_CLIENT_CERT
    has_ca = bool(tls.client_ca or tls.client_ca_file)
    if wanted in _UNVERIFIED:
        raise blame(
            "client_auth_type",
            f"certificates are never taken unverified; use {REQUIRE_AND_VERIFY}"
            f" or {VERIFY_IF_GIVEN}",
        )
    if wanted not in (NO_CLIENT_CERT, VERIFY_IF_GIVEN, REQUIRE_AND_VERIFY):
        known = f"{NO_CLIENT_CERT}, {VERIFY_IF_GIVEN} or {REQUIRE_AND_VERIFY}"
        raise blame("client_auth_type", f"expected {known}")
    if wanted == NO_CLIENT_CERT and has_ca:
        key = "client_ca_file" if tls.client_ca_file else "client_ca"
        raise blame(key, f"has no effect unless client_auth_type is {REQUIRE_AND_VERIFY}")
    if wanted != NO_CLIENT_CERT and not has_ca:
        raise blame("client_auth_type", "expected client_ca or client_ca_file beside it")
    if tls.client_allowed_sans and wanted != REQUIRE_AND_VERIFY:
        raise blame("client_allowed_sans", f"expected client_auth_type: {REQUIRE_AND_VERIFY}")


def _check_versions(tls: TLSServer, blame: Blame) -> None:
    for key in ("min_version", "max_version"):
        version = getattr(tls, key)
        if version in _OLD_VERSIONS:
            raise blame(key, "versions before TLS12 are not spoken here")
        if version not in _VERSIONS:
            raise blame(key, "expected TLS12 or TLS13")
    if tls.min_version > tls.max_version:
        raise blame("min_version", "expected at most max_version")


def _check_suites(tls: TLSServer, blame: Blame) -> None:
    for i, suite in enumerate(tls.cipher_suites):
        if suite not in OPENSSL_SUITES and suite not in TLS_1_3_SUITES:
            known = "one of those that Go's tls.CipherSuites() lists"
            raise blame(f"cipher_suites[{i}]", f"expected {known}")
    if tls.max_version == "TLS12" and tls.cipher_suites and not suites_1_2(tls):
        raise blame("cipher_suites", "expected one of TLS 1.2, as max_version is TLS12")
    if tls.min_version == "TLS12" < tls.max_version and tls.cipher_suites and not suites_1_2(tls):
        raise blame("cipher_suites", "expected one of TLS 1.2, or min_version: TLS13")


def suites_1_2(tls: TLSServer) -> list[str]:
    """Return OpenSSL's names of the TLS 1.2 suites listed, in their order."""
    return [OPENSSL_SUITES[suite] for suite in tls.cipher_suites if suite in OPENSSL_SUITES]


def _check_curves(tls: TLSServer, blame: Blame) -> None:
    for i, curve in enumerate(tls.curve_preferences):
        if curve not in OPENSSL_CURVES:
            raise blame(f"curve_preferences[{i}]", "expected one of " + ", ".join(OPENSSL_CURVES))
    if len(tls.curve_preferences) > 1:
        raise blame("curve_preferences", "expected one curve: an order of several cannot be kept")
