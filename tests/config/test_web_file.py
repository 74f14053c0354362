"""What the web configuration file may say, and in which words the rest is refused."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.config.error import ConfigError, ConfigFileError
from exporter.config.web_file import SECTIONS, RateLimit, WebFile, parse_web_file, read_web_file
from exporter.config.web_tls import TLSServer

HASH = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
PAGE = Path("docs/security.md")
DIRECTORY = Path("/etc/agent-exporter")
CERT = "cert_file: a.crt, key_file: a.key"
SIGNED = f"{CERT}, client_ca_file: ca.crt"
KNOWN_AUTH = "NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert"
UNVERIFIED = (
    "certificates are never taken unverified; use RequireAndVerifyClientCert"
    " or VerifyClientCertIfGiven"
)


def parse(text: str) -> WebFile:
    """Return what a text says that lies in DIRECTORY."""
    return parse_web_file(text, directory=DIRECTORY)


def tls(keys: str) -> TLSServer:
    """Return the TLS section that has these keys."""
    section = parse(f"tls_server_config: {{{keys}}}").tls
    assert section is not None
    return section


def test_the_whole_format_is_read() -> None:
    """Every key that can be kept arrives where it belongs, files beside the file itself."""
    read = parse(
        f"""
tls_server_config:
  cert_file: server.crt
  key_file: /keys/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: sub/ca.crt
  client_allowed_sans: [prometheus.example, 10.0.0.7]
  min_version: TLS12
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519]
http_server_config:
  http2: false
  headers:
    X-Frame-Options: deny
    Content-Security-Policy: "default-src 'self'"
    X-XSS-Protection: ""
basic_auth_users:
  alice: {HASH}
rate_limit:
  interval: 1m30s
  burst: 20
"""
    )
    assert read == WebFile(
        tls=TLSServer(
            cert_file="/etc/agent-exporter/server.crt",
            key_file="/keys/server.key",
            client_auth_type="RequireAndVerifyClientCert",
            client_ca_file="/etc/agent-exporter/sub/ca.crt",
            client_allowed_sans=("prometheus.example", "10.0.0.7"),
            max_version="TLS12",
            cipher_suites=("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
            prefer_server_cipher_suites=False,
            curve_preferences=("X25519",),
        ),
        headers={"X-Frame-Options": "deny", "Content-Security-Policy": "default-src 'self'"},
        users={"alice": HASH},
        rate_limit=RateLimit(90.0, 20),
    )


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n",
        "tls_server_config: {}\nhttp_server_config: {}\nbasic_auth_users: {}\nrate_limit: {}\n",
        "http_server_config: {headers: }",
        "rate_limit: {interval: 0}",
        "rate_limit: {interval: 0s, burst: 5}",
    ],
)
def test_sections_that_hold_nothing_ask_for_nothing(text: str) -> None:
    """A file, or a section of it, may be there and ask for nothing, but has to say so."""
    assert parse(text) == WebFile()


@pytest.mark.parametrize(
    ("interval", "secs"),
    [("1s", 1.0), ("250ms", 0.25), ("1h", 3600.0), ("1.5s", 1.5), ("5us", 5e-6)],
)
def test_an_interval_is_a_duration_as_go_writes_it(interval: str, secs: float) -> None:
    """Units may be fractions and may follow each other."""
    read = parse(f"rate_limit: {{interval: {interval}, burst: 1}}")
    assert read.rate_limit is not None
    assert read.rate_limit.interval_secs == pytest.approx(secs)


def test_http2_is_warned_about_where_it_is_asked_for() -> None:
    """It is the toolkit's default, so it is no error; the warning names the key."""
    assert parse("http_server_config: {http2: false}").warnings == ()
    (warning,) = parse("http_server_config: {http2: true}").warnings
    assert warning.startswith("http_server_config.http2: ")


def test_empty_texts_of_tls_count_as_not_set() -> None:
    """As in the toolkit, an empty name of a file, a CA or a policy is none."""
    section = tls(f"{CERT}, cert: '', client_ca_file: '', client_auth_type: ''")
    assert (section.client_ca_file, section.client_auth_type) == ("", "NoClientCert")
    assert section.files == ("/etc/agent-exporter/a.crt", "/etc/agent-exporter/a.key")


WRONG = [
    # The file as a whole.
    ("", "empty; write {} where nothing is asked for"),
    ("# later\n", "empty; write {} where nothing is asked for"),
    ("- a", "line 1: expected a mapping of sections"),
    ("tls_config: {}", "line 1: tls_config: unknown key; did you mean tls_server_config?"),
    ("rate_limit: {}\nrate_limit: {}", "line 2: rate_limit: duplicate key"),
    ("basic_auth_users: 1", "line 1: basic_auth_users: expected a mapping"),
    # Lines.
    (
        "tls_server_config:\n  cert_fil: a",
        "line 2: tls_server_config.cert_fil: unknown key; did you mean cert_file?",
    ),
    (
        "tls_server_config:\n  cert_file: a\n  cert_file: b",
        "line 3: tls_server_config.cert_file: duplicate key",
    ),
    (
        "tls_server_config:\n  cert_file: a\n  key_file: b\n  min_version: TLS10",
        "line 4: tls_server_config.min_version: versions before TLS12 are not spoken here",
    ),
    ("tls_server_config: {cert_file: a}", "line 1: tls_server_config: expected key or key_file"),
    (
        "tls_server_config: {min_version: TLS13}",
        "line 1: tls_server_config: expected cert or cert_file",
    ),
    (
        "http_server_config:\n  headers:\n    Server: x",
        "line 3: http_server_config.headers.Server: unknown key",
    ),
    ("rate_limit: {interval: 1s}", "line 1: rate_limit: expected burst beside interval"),
]


@pytest.mark.parametrize(("text", "error"), WRONG)
def test_what_is_wrong_is_refused_by_key_and_line(text: str, error: str) -> None:
    """The whole message, with the nearest line that is known."""
    with pytest.raises(ConfigFileError) as raised:
        parse(text)
    assert str(raised.value) == error


WRONG_TLS = [
    # Certificate and key.
    ("cert_file: 1", "cert_file", "expected str, got int"),
    (f"{CERT}, key: x", "key_file", "expected either key or key_file"),
    (
        'cert_file: "a\\0", key_file: b',
        "cert_file",
        "expected a path, without a null character",
    ),
    # Clients.
    (f"{SIGNED}, client_auth_type: RequestClientCert", "client_auth_type", UNVERIFIED),
    (f"{SIGNED}, client_auth_type: RequireAnyClientCert", "client_auth_type", UNVERIFIED),
    (f"{SIGNED}, client_auth_type: RequireClientCert", "client_auth_type", UNVERIFIED),
    (f"{SIGNED}, client_auth_type: Maybe", "client_auth_type", f"expected {KNOWN_AUTH}"),
    (
        SIGNED,
        "client_ca_file",
        "has no effect unless client_auth_type is RequireAndVerifyClientCert",
    ),
    (
        f"{CERT}, client_auth_type: RequireAndVerifyClientCert",
        "client_auth_type",
        "expected client_ca or client_ca_file beside it",
    ),
    (
        f"{SIGNED}, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]",
        "client_allowed_sans",
        "expected client_auth_type: RequireAndVerifyClientCert",
    ),
    (f"{CERT}, client_allowed_sans: [1]", "client_allowed_sans[0]", "expected str, got int"),
    # Versions.
    (f"{CERT}, max_version: TLS11", "max_version", "versions before TLS12 are not spoken here"),
    (f"{CERT}, min_version: SSL3", "min_version", "expected TLS12 or TLS13"),
    (
        f"{CERT}, min_version: TLS13, max_version: TLS12",
        "min_version",
        "expected at most max_version",
    ),
    # Suites and curves.
    (
        f"{CERT}, cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]",
        "cipher_suites[0]",
        "expected one of those that Go's tls.CipherSuites() lists",
    ),
    (
        f"{CERT}, cipher_suites: [TLS_AES_128_GCM_SHA256]",
        "cipher_suites",
        "expected one of TLS 1.2, or min_version: TLS13",
    ),
    (
        f"{CERT}, cipher_suites: [TLS_AES_128_GCM_SHA256], max_version: TLS12",
        "cipher_suites",
        "expected one of TLS 1.2, as max_version is TLS12",
    ),
    (
        f"{CERT}, curve_preferences: [P256]",
        "curve_preferences[0]",
        "expected one of CurveP256, CurveP384, CurveP521, X25519",
    ),
    (
        f"{CERT}, curve_preferences: [X25519, CurveP256]",
        "curve_preferences",
        "expected one curve: an order of several cannot be kept",
    ),
]


@pytest.mark.parametrize(("keys", "key", "reason"), WRONG_TLS)
def test_what_tls_cannot_keep_is_refused(keys: str, key: str, reason: str) -> None:
    """Whoever asks for a protection never finds that there is none."""
    with pytest.raises(ConfigFileError) as raised:
        tls(keys)
    assert str(raised.value) == f"line 1: tls_server_config.{key}: {reason}"


WRONG_HTTP = [
    ("http2: yes", "http2", "expected bool | null, got str"),
    ("headers: []", "headers", "expected mapping | null, got list"),
    (
        "headers: {X-Frame-Options: allow}",
        "headers.X-Frame-Options",
        "expected deny or sameorigin",
    ),
    (
        'headers: {Content-Security-Policy: "a\\r\\nb: c"}',
        "headers.Content-Security-Policy",
        "expected one line of ASCII characters",
    ),
    ("headers: {X-XSS-Protection: 0}", "headers.X-XSS-Protection", "expected str"),
]


@pytest.mark.parametrize(("keys", "key", "reason"), WRONG_HTTP)
def test_no_other_header_can_be_set(keys: str, key: str, reason: str) -> None:
    """Only the toolkit's five, each with a value that is one line."""
    with pytest.raises(ConfigFileError) as raised:
        parse(f"http_server_config: {{{keys}}}")
    assert str(raised.value) == f"line 1: http_server_config.{key}: {reason}"


@pytest.mark.parametrize(
    "hashed",
    [
        "hunter2",
        "1",
        "",
        HASH[:-1],
        HASH + "a",
        HASH.replace("$10$", "$03$"),
        HASH.replace("$10$", "$16$"),
        HASH.replace("$2y$", "$2x$"),
        HASH[:28] + "z" + HASH[29:],
    ],
)
def test_a_password_is_a_bcrypt_hash(hashed: str) -> None:
    """A password in clear, or a hash that bcrypt would stumble over, is refused by its user."""
    with pytest.raises(ConfigFileError) as raised:
        parse(f"basic_auth_users:\n  alice: {hashed}")
    reason = "expected a bcrypt hash of cost 4 to 15"
    assert str(raised.value) == f"line 2: basic_auth_users.alice: {reason}"


@pytest.mark.parametrize("user", ["a:b", "a" * 256])
def test_a_user_has_a_name_that_credentials_can_carry(user: str) -> None:
    """The first colon ends it."""
    with pytest.raises(ConfigFileError, match="expected a name of 255 bytes, without colons"):
        parse(f"basic_auth_users: {{'{user}': {HASH}}}")


@pytest.mark.parametrize("interval", ["5", "-1s", "1", "1d", "soon", "''", "1s1", "true"])
def test_an_interval_has_a_unit(interval: str) -> None:
    """A bare number would mean nanoseconds to one reader and seconds to another."""
    with pytest.raises(ConfigFileError, match=r"^line 1: rate_limit\.interval: expected "):
        parse(f"rate_limit: {{interval: {interval}, burst: 1}}")


@pytest.mark.parametrize("burst", ["0", "-1", "1.5", "many"])
def test_a_burst_is_one_request_at_least(burst: str) -> None:
    """With none, nobody would ever come in."""
    with pytest.raises(ConfigFileError, match=r"^line 1: rate_limit\.burst: expected int"):
        parse(f"rate_limit: {{interval: 1s, burst: {burst}}}")


@given(st.text())
@example("basic_auth_users: {'': $2y$10$}")
@example("http_server_config: {headers: {X-Frame-Options: \ud800}}")
def test_any_text_is_read_or_refused(text: str) -> None:
    """There is one kind of error."""
    with contextlib.suppress(ConfigError):
        assert isinstance(parse(text), WebFile)


def test_a_file_is_read_from_where_it_lies(tmp_path: Path) -> None:
    """Relative names lead from the directory of the file; one that is not there is an error."""
    file = tmp_path / "web.yml"
    file.write_text(f"tls_server_config: {{{CERT}}}")
    section = read_web_file(file).tls
    assert section is not None
    assert section.cert_file == str(tmp_path / "a.crt")
    with pytest.raises(ConfigFileError, match="No such file"):
        read_web_file(tmp_path / "other.yml")


def test_what_the_page_shows_can_be_used() -> None:
    """Every web configuration in docs/security.md is one."""
    blocks = re.findall(r"```yaml\n(tls_server_config.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert parse(block).tls is not None


def test_every_key_that_differs_is_on_the_page() -> None:
    """The last table of docs/security.md names keys that there are."""
    table = PAGE.read_text().rpartition("## Where it differs")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    known = {*TLSServer.__struct_fields__, *SECTIONS, "http2"}
    assert named
    assert named <= known
