"""Secrets that show by themselves: keys by their prefix, private keys, passwords in URLs, tokens.

Each kind is a pattern, and words of which any match of it has one. Most texts have none of the
words, and one search for all of them tells. Values beside a telling name are another matter
(`exporter.pipeline.named_secrets`).

Time is linear in the text, by how every pattern is made: it begins with a fixed text; a repetition
is possessive, or bounded, or stops short of what the pattern begins with; and behind an unbounded
one nothing is asked for but the end of the text. So an attempt that fails has read little, or what
no other attempt reads, and what a match has read is not read again.

What is ugly: the prefixes are a list of what is in use, and new ones come up. A key that has no
prefix and stands beside no telling name looks like any other hexadecimal number, and is left.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final, NamedTuple

REDACTED: Final = "[redacted]"


class Kind(NamedTuple):
    """One kind of secret, and what stands in its place."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str = REDACTED

    def replaced_in(self, text: str) -> str:
        """Return the text without secrets of this kind."""
        if any(word in text for word in self.words):
            return self.pattern.sub(self.replacement, text)
        return text


# A letter before a prefix makes it part of a word ("task-..."), unless it belongs to an escape.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"

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


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern of any of the words that is quick to say no: the first letters decide."""
    initials = groupby(sorted(words), key=lambda word: word[0])
    return "|".join(
        re.escape(initial) + f"(?:{'|'.join(re.escape(word[1:]) for word in group)})"
        for initial, group in initials
    )


def _prefixed(body: str, prefixes: str) -> Kind:
    words = tuple(prefixes.split())
    return Kind(words, re.compile(f"{_START}(?:{_any_of(words)}){body}", re.ASCII))


_PRIVATE_KEY = Kind(
    ("-BEGIN ", "- BEGIN "),
    # Cut off before its end, all that follows may belong to it.
    re.compile(
        r"-{4,5} ?BEGIN [A-Z0-9 ]{1,64}-{4,5}"
        r"(?:[^-]|-(?!---))*+(?:-{4,5} ?END [A-Z0-9 ]{1,64}-{4,5}|\Z|)"
    ),
)
_JSON_WEB_TOKEN = Kind(
    ("eyJ",), re.compile(rf"{_START}eyJ[\w-]{{12,}}+(?:\.[\w-]*+){{0,4}}+", re.ASCII)
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

KINDS: Final = (
    _PRIVATE_KEY,
    *(_prefixed(body, prefixes) for body, prefixes in reversed(_PREFIXES.items())),
    _JSON_WEB_TOKEN,
    _BOT_TOKEN,
    _WEBHOOK,
    _URL_PASSWORD,
    _SCHEME,
)
_HINT: Final = re.compile(_any_of({word for kind in KINDS for word in kind.words}))


def without_secrets(text: str) -> str:
    """Return the text with `[redacted]` in the place of every secret that shows by itself."""
    if _HINT.search(text) is None:
        return text
    for kind in KINDS:
        text = kind.replaced_in(text)
    return text
