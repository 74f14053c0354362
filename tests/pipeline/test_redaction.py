"""Facts about what is taken out of texts before they are kept."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.pipeline.redaction import TEXT_LENGTH_MAX, TOO_MUCH, Redactor, redacted
from exporter.pipeline.secrets import REDACTED
from tests.pipeline.made_up_secrets import KINDS, PREFIXED, Secret, secrets

LENGTH_MAX = 4_096

HOSTILE_PIECES = [
    "sk-", "sk-a", "sk_live_", "://", "://a:", "://a:b", "https://a?b#c@", "-", "-----BEGIN ",
    "-----BEGIN A-----", "-----END A-----", "password", "password:", "password=[", "password='",
    'password=\\"', "token:", "token: a ", "token: [a] ", "token:null ", "--a-", "--a-a-a-a-token",
    "bearer ", "bearer a.", "Bearer a_", "eyJ", "eyJ.", "authorization:a ", "authorization: a=b,",
    "cookie:a=b;", 'cookie: a="', "auth:{", "?key=", "\\", '"', "'", "\\n", "[", "%3D", "1:AA",
    "hf_", "AQ.aaaaaa.", "SG.a", "…", "\U0001f511", "\u0130", "\x00", " ", "\n", "a", "0", "key ",
]  # fmt: skip

FRAMES = (
    '"{}"', "'{}'", "`{}`", "({})", "[{}]", "<{}>", "={}", ",{},", "x={};", "/{}/", "{}…",
    "\\n{}\\n", "x%3D{}", '{{"a":"{}"}}',
)  # fmt: skip
WORDS = """
    the request to failed with a timeout after while calling tool Bash exit code model not found
    unexpected token invalid authentication rate limit reached task-runner disk-usage risk-free
    monkey keyboard tokenizer passing author cookies secretary ECONNREFUSED NullPointerException
    hf_hub_download npm_config_registry sk-learn key-value fc-cache ::1 127.0.0.1 v1.2.3-rc.1
    claude-opus-4-20250514 gpt-4o-mini-2024-07-18 anthropic/claude-sonnet-4.5 o3-mini
    openrouter/deepseek/deepseek-r1:free gemini-2.5-pro qwen3-coder-480b-a35b-instruct
    us.anthropic.claude-3-7-sonnet-20250219-v1:0 accounts/fireworks/models/llama-v3p1-405b
    /usr/lib/python3.11/site-packages/aiohttp/client.py:1187 C:\\Users\\a\\main.py ./src/x.ts:12:3
    https://api.example.com:8443/v1/messages?beta=true&limit=20 http://[::1]:24368/metrics
    req_011CSHoEeqs5C35K2UUqR7Fy org-x toolu_01A09q90qw90lq917835lq9 chatcmpl-123abc
    max_tokens=4096 token_count=7 "input_tokens":12 time_to_first_token=0.35 "password":null
    PWD=/home/a sha256:9f86d081884c7d65 user@example.com git@github.com:a/b.git @scope/package
    0x7ffdeadbeef {"type":"error","error":{"type":"overloaded_error"}}"""

innocents = st.one_of(
    st.sampled_from(WORDS.split()),
    st.sampled_from(["token: identifier", "token: 42", "api_key: null", "Basic authentication"]),
    st.uuids().map(str),
    st.text("0123456789abcdef", min_size=7, max_size=64),
    st.datetimes().map(lambda instant: instant.isoformat() + "Z"),
    st.integers(0, 2**63).map(str),
    st.floats(0, 1e6).map("{:.3f}s".format),
)


def kept(text: str) -> str:
    """Return what is kept of a text."""
    return redacted(text, length_max=LENGTH_MAX)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_no_kind_of_secret_is_kept(kind: str, data: st.DataObject) -> None:
    """Whatever text it stands in, what is secret of it is gone, and the place shows."""
    secret = data.draw(KINDS[kind])
    before, after = data.draw(st.text(max_size=20)), data.draw(st.text(max_size=20))
    assume(secret.body not in before + after)
    text = kept(f"{before} {secret.text} {after}")
    assert secret.body not in text
    assert REDACTED in text or REDACTED in kept(secret.text)


@pytest.mark.parametrize("kind", PREFIXED)
@given(data=st.data())
def test_a_key_is_known_whatever_it_leans_on(kind: str, data: st.DataObject) -> None:
    """Quotes, brackets, escapes and the signs of a URL on either side make no difference."""
    secret = data.draw(PREFIXED[kind])
    text = kept(data.draw(st.sampled_from(FRAMES)).format(secret.text))
    assert secret.body not in text
    assert REDACTED in text


@given(st.lists(innocents, max_size=20).map(" ".join))
def test_what_is_no_secret_is_kept_as_it_is(text: str) -> None:
    """Ids, digests, paths, model names, numbers and prose are what people debug with."""
    assert kept(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: [redacted]"),
        (
            'curl -H "Authorization: Bearer word" https://x',
            'curl -H "Authorization: [redacted]" https://x',
        ),
        (
            "map[Authorization:[Bearer xyz] Accept:[*/*]]",
            "map[Authorization:[redacted] Accept:[*/*]]",
        ),
        (
            'Authorization: Digest username="a", realm="b", response="c"',
            "Authorization: [redacted]",
        ),
        ("sent Bearer abc123def to x", "sent Bearer [redacted] to x"),
        ("Bearer authentication failed", "Bearer authentication failed"),
        (
            "Basic functionality of the token-based login",
            "Basic functionality of the token-based login",
        ),
        ("Cookie: a=b; c=d", "Cookie: [redacted]"),
        ("https://x/y?key=abc&model=m", "https://x/y?key=[redacted]&model=m"),
        ("postgres://u:p%23s@h:5432/db", "postgres://u:[redacted]@h:5432/db"),
        ("redis://:p#s?s@h", "redis://:[redacted]@h"),
        ("http://localhost:8080/@scope/x?to=a@b", "http://localhost:8080/@scope/x?to=a@b"),
        ('{"api_key": "a\\"b", "model": "m"}', '{"api_key": "[redacted]", "model": "m"}'),
        ("OPENAI_API_KEY=abc, next", "OPENAI_API_KEY=[redacted], next"),
        ("Config(api_key='abc', model='m')", "Config(api_key='[redacted]', model='m')"),
        ("Config(api_key=abc, model=m).", "Config(api_key=[redacted], model=m)."),
        ("auth=('user', 'pass'), timeout=3", "auth=[redacted], timeout=3"),
        ("AccountKey=abc==;EndpointSuffix=x", "AccountKey=[redacted];EndpointSuffix=x"),
        (
            "Incorrect API key provided: foo1bar2. See",
            "Incorrect API key provided: [redacted]. See",
        ),
        (
            "mytool --api-key abc123 --token is required",
            "mytool --api-key [redacted] --token is required",
        ),
        ("['--token', 'abc123', '-v']", "['--token', '[redacted]', '-v']"),
        ("password=\u0130abc \u0130", "password=[redacted] \u0130"),
        ("x -----BEGIN EC PRIVATE KEY-----\nab\n-----END EC PRIVATE KEY----- y", "x [redacted] y"),
        ("x -----BEGIN EC PRIVATE KEY-----\nab\ncd", "x [redacted]"),
        (
            "http://localhost:8080?to=a@b http://h:80#a@b",
            "http://localhost:8080?to=a@b http://h:80#a@b",
        ),
        ("task-1234567890abcdef12 xhf_1234567890abc", "task-1234567890abcdef12 xhf_1234567890abc"),
        ("password: ", "password: "),
        ('{"api_key": "[redacted]…', '{"api_key": "[redacted]…'),
        ("x-api-key 0123456789abcdef sent", "x-api-key [redacted] sent"),
        ("curl -u user:hunter2 https://x", "curl -u user:[redacted] https://x"),
        ("docker run -u 1000:1000 x", "docker run -u 1000:1000 x"),
        ("<password>hunter2</password>", "<password>[redacted]</password>"),
        ("expected <token> here, got <eof>", "expected <token> here, got <eof>"),
        ("password\uff1ahunter2 x", "password\uff1a[redacted] x"),
        ("key=sk%2Dant%2Dapi03%2Dabcdef1 x", "key=[redacted] x"),
        ("pwd: /home/a pwd=~/a pwd=hunter2", "pwd: /home/a pwd=~/a pwd=[redacted]"),
        ('"password": "", "secret": false', '"password": "", "secret": false'),
    ],
)
def test_what_is_left_can_be_read(text: str, left: str) -> None:
    """The name, the scheme, the host and all around the secret stay."""
    assert kept(text) == left


@given(
    st.lists(secrets.map(lambda secret: secret.text) | st.sampled_from(HOSTILE_PIECES)), st.data()
)
def test_doing_it_twice_changes_nothing(pieces: list[str], data: st.DataObject) -> None:
    """What was kept once is kept as it is, whatever was cut."""
    text = data.draw(st.sampled_from(["", " "])).join(pieces)
    length_max = data.draw(st.integers(12, 200))
    once = redacted(text, length_max=length_max)
    assert len(once) <= length_max
    assert redacted(once, length_max=length_max) == once


@given(secrets, st.integers(0, 600), st.sampled_from(["x", "x ", "é", '"x",']))
def test_no_half_of_a_secret_is_left_by_a_cut(secret: Secret, before: int, filler: str) -> None:
    """A secret across the bound of what is looked at goes whole."""
    # Secrets before it shrink what is looked at to what is kept.
    shrinking = "password=" + "p" * 6_000 + " "
    padding = (filler * TEXT_LENGTH_MAX)[: TEXT_LENGTH_MAX - len(shrinking) - before]
    text = redacted(shrinking + padding + " " + secret.text + " x" * 600, length_max=LENGTH_MAX)
    assert secret.body not in text
    assert secret.body[:12] not in text


@pytest.mark.parametrize("length", [TEXT_LENGTH_MAX, 2**20])
@pytest.mark.parametrize("piece", HOSTILE_PIECES)
def test_no_text_takes_long(piece: str, length: int) -> None:
    """A megabyte of the beginnings of secrets is done before a backtracking search would be."""
    text = redacted((piece * length)[:length], length_max=LENGTH_MAX)
    assert len(text) <= LENGTH_MAX


def test_only_so_much_of_a_batch_is_looked_at_thoroughly() -> None:
    """Then a text that may hold a secret is not kept; one that was known, or is harmless, is."""
    redactor = Redactor(allowed_length=50)
    texts = ["password=hunter1 is wrong", "password=hunter2 is wrong", "password=hunter3 is wrong"]
    kept_texts = [redactor.text(text, length_max=100) for text in texts]
    assert kept_texts == ["password=[redacted] is wrong"] * 2 + [TOO_MUCH]
    assert redactor.text(texts[0], length_max=100) == kept_texts[0]
    assert redactor.text("a timeout after 30 s", length_max=100) == "a timeout after 30 s"
    assert redactor.context({"a": texts[2], "b": 1}) == {"a": TOO_MUCH, "b": 1}
    assert redacted(TOO_MUCH, length_max=100) == TOO_MUCH


def test_a_text_that_comes_again_is_not_looked_at_again() -> None:
    """A thousand equal errors take from the allowance what one of them takes."""
    redactor = Redactor(allowed_length=50)
    for _ in range(1_000):
        assert redactor.text("password=hunter1", length_max=100) == "password=[redacted]"
    assert redactor.text("password=hunter2", length_max=100) == "password=[redacted]"


def test_little_more_of_a_text_is_looked_at_than_is_kept() -> None:
    """A long text takes no more of the allowance than what could be kept of it, and a word."""
    redactor = Redactor(allowed_length=200 + 1_024)
    text = redactor.text("password=hunter2 " * 1_000, length_max=200)
    assert text.startswith("password=[redacted] password=[redacted] ")
    assert len(text) <= 200


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x" * LENGTH_MAX, "x" * LENGTH_MAX),
        ("x" * (LENGTH_MAX + 1), "x" * (LENGTH_MAX - 1) + "…"),
        ("x" * 2**20, "x" * (LENGTH_MAX - 1) + "…"),
        ("password=" + "p" * 2**20, "password=[redacted]…"),
        ("y " * 2_043 + "password=abc", "y " * 2_043 + "password=…"),
        ("\U0001f511" * 5_000, "\U0001f511" * (LENGTH_MAX - 1) + "…"),
    ],
    ids=["fits", "too long", "far too long", "a secret", "a mark", "beyond ASCII"],
)
def test_a_long_text_is_cut(text: str, left: str) -> None:
    """A text is kept up to its bound, a cut shows, and no mark is cut in two."""
    assert redacted(text, length_max=LENGTH_MAX)[-20:] == left[-20:]
    assert len(redacted(text, length_max=LENGTH_MAX)) <= LENGTH_MAX
