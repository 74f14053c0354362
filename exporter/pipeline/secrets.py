"""Secrets that show by themselves: keys by their prefix, private keys, passwords in URLs, tokens.

Keys with a prefix are one pattern. Each other kind is a pattern, and words of which any match of
it has one. Most texts have neither a key nor any of the words, and a quick look tells. Values
beside a telling name are another matter (`exporter.pipeline.named_secrets`).

Time is linear in the text, by how every pattern is made: it begins with a fixed text; a repetition
is possessive, or bounded, or stops short of what the pattern begins with; and behind an unbounded
one nothing is asked for but the end of the text. So an attempt that fails has read little, or what
no other attempt reads, and what a match has read is not read again.

What is ugly: the prefixes are a list of what is in use, and new ones come up. A key that has no
prefix and stands beside no telling name looks like any other hexadecimal number, and is left.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

REDACTED: Final = "[redacted]"

_NAMES_MAX: Final = 8_192


class Kind(NamedTuple):
    """One kind of secret, and what stands in its place."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str = REDACTED

    def shows_in(self, text: str) -> bool:
        """Return whether there may be secrets of this kind in the text."""
        for word in self.words:  # noqa: SIM110 - on every text's way, and `any` takes twice as long
            if word in text:
                return True
        return False


# A letter before a prefix makes it part of a word ("task-..."), unless it belongs to an escape.
# Something always stands before: a search for that passes over words quickly.
_START = r"(?P<before>[^A-Za-z0-9])"
_START_ESCAPED = r"(?P<before>[^A-Za-z0-9](?:(?<=\\)[nrt]|(?<=%)[0-9A-Fa-f]{2})?)"

# Made-up keys, in tests and by hand, are shorter than real ones, and a digit tells them from words.
_PLAIN = r"(?:[A-Za-z0-9]{20,}+|(?=[A-Za-z]{0,19}[0-9])[A-Za-z0-9]{8,}+)"
_JOINED = r"(?:[\w-]{20,}+|(?=[A-Za-z_-]{0,19}[0-9])[\w-]{8,}+)(?:[.:][\w-]{6,}+)*+"
_ANY = r"[\w+/-]{6,}+(?:[.:][\w+/-]{6,}+)*+={0,2}"

# Prefixes by what may follow them: letters and digits; those with `-` and `_`; and anything that
# base64 writes, however short, where nothing else begins so.
_PREFIXES = {
    r"[0-9a-f]{24,}+": "SK dapi key- fc-",
    r"[A-Z0-9]{12,}+": "AKIA ASIA ABIA ACCA",
    _PLAIN: """
        hf_ api_org_ r8_ npm_ rpa_ LTAI secret_ shpat_ shpca_ shppa_ shpss_ ATBB gsk_ xai- sk_""",
    _JOINED: """
        sk- AIza AQ. ya29. 1// SG. hvs. hvb. hvr. ATATT ATCTT rnd_ nfp_ sbp_ jina_ fw_ cpk_ pcsk_
        dp.pt. phx_ ntn_ xapp- pplx- tvly- nvapi- tskey- csk-""",
    _ANY: """
        sk-ant- sk-proj- sk-or- sk-svcacct- sk-admin- sk-lf- sk_live_ sk_test_ rk_live_ rk_test_
        ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gloas- gldt- glrt- glcbt- glptt- glft- glimt-
        glagent- glsoat- glsa_ glc_ xoxa- xoxb- xoxc- xoxd- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs-
        GOCSPX- pypi- sntrys_ sntryu_ dckr_pat_ dckr_oat_ AGE-SECRET-KEY-1 PMAK- xkeysib- lsv2_
        tgp_v1_ atlasv1. dop_v1_ doo_v1_ dor_v1_ whsec_ lin_api_ figd_ sq0csp- sq0atp-""",
}


# In a URL a `-` may be written in another way.
_ENCODED = r"sk%2[Dd](?:ant|proj|or|svcacct|admin|lf)%2[Dd][\w%.-]{6,}+"
_SIGNED_CLAIMS = r"eyJ[\w-]{12,}+(?:\.[\w-]*+){0,4}+"


def _keys(start: str, prefixes: dict[str, str]) -> re.Pattern[str]:
    """Return a pattern of all keys that is quick to say no: the first letter decides."""
    pairs = [(word, body) for body, words in reversed(prefixes.items()) for word in words.split()]
    pairs.sort(key=lambda pair: pair[0][0])
    letters = "|".join(
        re.escape(letter)
        + f"(?:{'|'.join(f'(?:{_rests(same)}){body}' for body, same in groupby(group, _BODY))})"
        for letter, group in groupby(pairs, lambda pair: pair[0][0])
    )
    return re.compile(f"{start}(?:{letters}|{_SIGNED_CLAIMS}|{_ENCODED})", re.ASCII)


def _rests(pairs: Iterable[tuple[str, str]]) -> str:
    return "|".join(re.escape(word[1:]) for word, _ in pairs)


_BODY = itemgetter(1)
_KEYS: Final = _keys(_START, _PREFIXES)
_KEYS_ESCAPED: Final = _keys(_START_ESCAPED, _PREFIXES)

# A name is more often than a text made of what looks like a short key.
_LONG = r"(?:[\w-]{34,}+|(?=[a-z_-]{0,19}[A-Z0-9])[\w-]{20,}+)(?:[.:][\w-]{6,}+)*+"
_KEYS_IN_NAMES: Final = _keys(
    _START,
    {
        {_PLAIN: _LONG, _JOINED: rf"(?:{_LONG})"}.get(body, body): words
        for body, words in _PREFIXES.items()
    },
)
_HEXADECIMAL: Final = re.compile(r"(?!fc-)[0-9a-f-]++\Z", re.ASCII)

_PRIVATE_KEY = Kind(
    ("-BEGIN ", "- BEGIN "),
    # Cut off before its end, all that follows may belong to it.
    re.compile(
        r"-{4,5} ?BEGIN [A-Z0-9 ]{1,64}-{4,5}"
        r"(?:[^-]|-(?!---))*+(?:-{4,5} ?END [A-Z0-9 ]{1,64}-{4,5}|\Z|)"
    ),
)
_BOT_TOKEN = Kind((":AA",), re.compile(r"(?<![0-9])[0-9]{6,12}:AA[\w-]{30,}+", re.ASCII))
_WEBHOOK = Kind(
    ("hooks.slack.com/", "/api/webhooks/"),
    re.compile(r"(hooks\.slack\.com/|/api/webhooks/)[\w/-]{8,}+", re.ASCII),
    rf"\1{REDACTED}",
)
# A password may hold characters that a URL should write in another way, but for the slash; and
# what follows a host and its colon is a port. A long name without a password is a token.
_URL_PASSWORD = Kind(
    ("://",),
    re.compile(
        r"""(?P<before>://(?:[^\s/?#@:"<>]*+:(?![0-9]{1,5}(?:[/?#\s]|\Z))|(?=[^\s/?#@:"<>]{20,}+@)))
        (?:[^\s/?#"<>]+|[^\s/"<>]+?)@""",
        re.VERBOSE,
    ),
    rf"\g<before>{REDACTED}@",
)
# "Bearer authentication" is prose: a word in small letters, with or without a capital.
_SCHEME = Kind(
    ("earer", "EARER", "asic", "ASIC"),
    re.compile(
        r"(?P<scheme>\b(?i:bearer|basic)(?:[ \t]|%20|\+){1,4})"
        r"(?![A-Z]?+(?:[a-z]++|[A-Z]++)(?:[._-][A-Za-z][a-z]*+)*+(?![\w+/=~.-]*[\w+/=~-]))"
        r"[\w.~+/-]{6,}+={0,2}",
        re.ASCII,
    ),
    rf"\g<scheme>{REDACTED}",
)

_KINDS: Final = (_PRIVATE_KEY, _BOT_TOKEN, _WEBHOOK, _URL_PASSWORD, _SCHEME)


def may_hold_secrets(text: str) -> bool:
    """Return whether there may be a secret that shows by itself, after a quick look."""
    if "://" in text and "@" in text:
        return True
    for word in _WORDS:
        if word in text:
            return True
    return _keys_of(text).search(" " + text) is not None


_WORDS: Final = tuple(word for kind in _KINDS if kind is not _URL_PASSWORD for word in kind.words)


def without_secrets(text: str) -> str:
    """Return the text with `[redacted]` in the place of every secret that shows by itself."""
    for kind in _KINDS:
        if kind.shows_in(text):
            text = kind.pattern.sub(kind.replacement, text)
    return _keys_of(text).sub(rf"\g<before>{REDACTED}", " " + text)[1:]


def _keys_of(text: str) -> re.Pattern[str]:
    return _KEYS_ESCAPED if "\\" in text or "%" in text else _KEYS


def ids_hold_keys(ids: Iterable[str]) -> bool:
    """Return whether there may be a provider's key in any of the ids.

    One look at all of them takes a third of the time of one at each: no key goes on over a blank.
    """
    return _KEYS_IN_NAMES.search(f" {' '.join(ids)}") is not None


@lru_cache(_NAMES_MAX)
def name_without_keys(name: str) -> str:
    """Return a name, such as a model's, with `[redacted]` in the place of a provider's key."""
    return _KEYS_IN_NAMES.sub(rf"\g<before>{REDACTED}", " " + name)[1:]


def id_without_keys(text: str) -> str:
    """Return an id, or what stands for it if it holds a provider's key: equal for equal ones."""
    if _HEXADECIMAL.match(text) or _KEYS_IN_NAMES.search(" " + text) is None:
        return text
    return f"{REDACTED}-{blake2b(text.encode(errors='surrogatepass'), digest_size=4).hexdigest()}"


repeated_id_without_keys = lru_cache(_NAMES_MAX)(id_without_keys)
"""Do the same, for ids that come again and again."""
