"""Made-up secrets of every kind, each by the grammar its issuer follows, and where they turn up.

None of them is written out: what looks like a key in a source file is taken for one.
"""

import string
from collections.abc import Callable
from typing import Final, NamedTuple

from hypothesis import strategies as st

LOWER: Final = string.ascii_lowercase + string.digits
UPPER: Final = string.ascii_uppercase + "234567"
ALNUM: Final = string.ascii_letters + string.digits
WORD: Final = ALNUM + "_-"
HEX: Final = "0123456789abcdef"
BASE64: Final = ALNUM + "+/"
PASSWORD: Final = ALNUM + "!#$%*+-_~^.,:"


class Secret(NamedTuple):
    """A secret as it stands in a text, and the part of it that nobody may see."""

    text: str
    body: str


def _bodies(alphabet: str, *lengths: int) -> st.SearchStrategy[str]:
    return st.sampled_from(lengths).flatmap(
        lambda length: st.text(alphabet, min_size=length, max_size=length)
    )


def _prefixed(prefixes: str, alphabet: str, *lengths: int) -> st.SearchStrategy[Secret]:
    return st.builds(
        lambda prefix, body: Secret(prefix + body, body),
        st.sampled_from(prefixes.split()),
        _bodies(alphabet, *lengths),
    )


def _jwt(header: str, payload: str, signature: str) -> Secret:
    return Secret(f"eyJ{header}.eyJ{payload}.{signature}", signature)


def _private_key(kind: str, body: str, *, ends: bool) -> Secret:
    end = f"\n-----END {kind}PRIVATE KEY-----" if ends else ""
    return Secret(f"-----BEGIN {kind}PRIVATE KEY-----\n{body}{end}", body)


PREFIXED: Final = {
    "anthropic": _prefixed("sk-ant-api03- sk-ant-oat01- sk-ant-admin01-", WORD, 93),
    "openai": _prefixed("sk-proj- sk-svcacct- sk-admin-", WORD, 48, 124, 156),
    "openai, old": _prefixed("sk-", ALNUM, 48),
    "deepseek": _prefixed("sk-", HEX, 32),
    "openrouter": _prefixed("sk-or-v1-", HEX, 64),
    "google": _prefixed("AIza", WORD, 35),
    "google, oauth": _prefixed("ya29. GOCSPX-", WORD, 28, 120),
    "aws": _prefixed("AKIA ASIA", UPPER, 16),
    "github": _prefixed("ghp_ gho_ ghu_ ghs_ ghr_", ALNUM, 36),
    "github, fine-grained": _prefixed("github_pat_", ALNUM + "_", 82),
    "gitlab": _prefixed("glpat- gldt- glrt-", WORD, 20),
    "slack": _prefixed("xoxb- xoxp- xoxa- xapp-", ALNUM + "-", 40, 60),
    "hugging face": _prefixed("hf_", ALNUM, 34, 37),
    "stripe": _prefixed("sk_live_ rk_live_ sk_test_", ALNUM, 24, 99),
    "groq": _prefixed("gsk_", ALNUM, 52),
    "xai": _prefixed("xai-", ALNUM, 80),
    "npm": _prefixed("npm_", ALNUM, 36),
    "pypi": _prefixed("pypi-", WORD, 150),
    "databricks": _prefixed("dapi", HEX, 32),
    "digitalocean": _prefixed("dop_v1_ doo_v1_", HEX, 64),
    "replicate": _prefixed("r8_", ALNUM, 37),
    "nvidia": _prefixed("nvapi-", WORD, 64),
    "perplexity": _prefixed("pplx-", ALNUM, 48),
    "twilio": _prefixed("SK", HEX, 32),
    "vault": _prefixed("hvs.", WORD, 90),
    "sendgrid": st.builds(
        lambda name, body: Secret(f"SG.{name}.{body}", body), _bodies(WORD, 22), _bodies(WORD, 43)
    ),
    "telegram": st.builds(
        lambda bot, body: Secret(f"{bot}:AA{body}", body),
        st.integers(10**8, 10**10 - 1),
        _bodies(WORD, 33),
    ),
    "json web token": st.builds(_jwt, _bodies(WORD, 17, 60), _bodies(WORD, 40), _bodies(WORD, 43)),
    "slack webhook": st.builds(
        lambda body: Secret(f"https://hooks.slack.com/services/T0/B0/{body}", body),
        _bodies(ALNUM, 24),
    ),
}
"""Secrets that nothing else need stand beside."""

KEYS_BY_PLACE: Final = ("slack webhook", "telegram")
"""Those that are no key of a provider's by how they begin."""

_NAMES = """
    password passwd client_secret api_key apikey API-KEY x-api-key OPENAI_API_KEY AZURE_KEY
    access_token refresh-token accessToken secretAccessKey aws_secret_access_key AccountKey
    SECRET private_key session_token csrf_token DB_PASSWORD"""
_names = st.sampled_from(_NAMES.split())
_passwords = st.text(PASSWORD, min_size=8, max_size=40).filter(
    lambda text: text[-1] in ALNUM and not text.isalpha()
)
_keys = _bodies(BASE64, 40, 86)


def _named(form: Callable[[str, str], str]) -> st.SearchStrategy[Secret]:
    return st.builds(
        lambda name, body: Secret(form(name, body), body),
        _names,
        _passwords | _keys | _bodies(HEX, 32),
    )


NAMED: Final = {
    "assigned": _named("{}={}".format),
    "in prose": _named("{}: {}".format),
    "in JSON": _named('{{"{}": "{}"}}'.format),
    "in JSON in JSON": _named('{{\\"{}\\":\\"{}\\"}}'.format),
    "in a dict": _named("{{'{}': '{}'}}".format),
    "in a call": _named("f({}='{}')".format),
    "in JSON, cut off": _named('{{"{}": "{}'.format),
    "authorization": st.builds(
        lambda scheme, body: Secret(f"Authorization: {scheme} {body}", body),
        st.sampled_from(["Bearer", "bearer", "Token", "Basic"]),
        _keys,
    ),
    "bearer": st.builds(lambda body: Secret(f"Bearer {body}", body), _keys),
    "cookie": st.builds(lambda body: Secret(f"Cookie: a=1; sid={body}", body), _bodies(WORD, 32)),
    "url": st.builds(
        lambda body: Secret(f"postgres://user:{body}@db.example:5432/x?y=z", body),
        st.text(ALNUM + "!$*+-_~.", min_size=8, max_size=40),
    ),
    "query": st.builds(
        lambda name, body: Secret(f"https://example.com/v1?a=b&{name}={body}&c=d", body),
        st.sampled_from(["key", "api_key", "token", "sig", "access_token", "X-Amz-Signature"]),
        _bodies(WORD, 16, 64),
    ),
    "private key": st.builds(
        _private_key,
        st.sampled_from(["", "RSA ", "EC ", "OPENSSH "]),
        _bodies(BASE64 + "\n", 64, 400),
        ends=st.booleans(),
    ),
}  # fmt: skip
"""Secrets that what stands beside them tells."""

KINDS: Final = PREFIXED | NAMED
secrets: Final = st.one_of(*KINDS.values())
