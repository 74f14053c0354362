"""Facts about ids looked at together, against each looked at by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.pipeline import secrets
from exporter.pipeline.secrets import REDACTED, id_without_keys, ids_hold_keys
from tests.pipeline.made_up_secrets import ALNUM, HEX, KEYS_BY_PLACE, PREFIXED, UPPER, WORD

PREFIXES = [
    word
    for words in secrets._PREFIXES.values()  # noqa: SLF001 - the list that there is
    for word in words.split()
]
BODIES = ["0a1b2c3d" * 6, "A1B2C3D4" * 6, "Ab1Cd2Ef" * 6]
"""One of them is what a key goes on with, whatever its prefix."""

_real = st.one_of(
    *[
        kind.map(lambda secret: secret.text)
        for name, kind in PREFIXED.items()
        if name not in KEYS_BY_PLACE
    ],
)
_begun = st.builds(
    lambda prefix, body: prefix + body,
    st.sampled_from(PREFIXES),
    st.sampled_from([HEX, UPPER, ALNUM, WORD, "a"]).flatmap(
        lambda alphabet: st.text(alphabet, max_size=50)
    ),
)
_plain = st.one_of(
    st.text(max_size=12),
    st.text(HEX + "-", max_size=36),
    st.text(WORD, max_size=40),
    st.sampled_from(["", " ", "\n", "\t", "\x00", "ünï", "\udc80", "\\n", "%2D", "-", "e-1"]),
)
ids = st.lists(st.one_of(_plain, _begun, _real), max_size=4).map("".join)
"""With keys at the start, in the middle, at the end, or none."""


@given(st.lists(ids, max_size=8))
def test_no_key_in_all_is_none_in_each(told: list[str]) -> None:
    """Where a look at all of them finds no key, each stays as it is."""
    if not ids_hold_keys(told):
        assert [id_without_keys(one) for one in told] == told


@given(st.lists(ids, max_size=8))
def test_a_key_in_all_is_one_in_some(told: list[str]) -> None:
    """No two ids come to a key together that none of them holds."""
    assert ids_hold_keys(told) == any(ids_hold_keys([one]) for one in told)


@given(st.lists(_plain, max_size=4), _real, st.lists(_plain, max_size=4))
def test_a_real_key_is_found_among_others(before: list[str], key: str, after: list[str]) -> None:
    """Wherever it stands, before and behind whatever, and it goes out of its id."""
    assert ids_hold_keys([*before, key, *after])
    assert id_without_keys(key).startswith(REDACTED)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_prefix_is_found_in_an_id(prefix: str) -> None:
    """At its start, in its middle and at its end, and in the first, a middle and the last id."""
    keys = [prefix + body for body in BODIES if ids_hold_keys([prefix + body])]
    assert keys
    for key in keys:
        for one in (key, f"é:{key}/x", f"id_{key}".replace("_", "\n", 1), f"{key} ", f"\n{key}"):
            assert id_without_keys(one) != one
            for told in ([one, "a", ""], ["a", one, "é"], ["", "a", one]):
                assert ids_hold_keys(told)


@pytest.mark.parametrize(
    "told",
    [
        [],
        [""],
        ["e-1", "e-2"],
        ["sk-ant-", "api03-" + "a1B2c3D4" * 8],
        ["AKIA", "A1B2C3D4" * 4],
        ["task-", "sk", "-" + "a1B2c3D4" * 8],
        ["0a1b2c3d" * 4] * 3,
    ],
)
def test_ids_without_a_key(told: list[str]) -> None:
    """The parts of a key in ids of their own are none: no key goes on over a blank."""
    assert not ids_hold_keys(told)
    assert [id_without_keys(one) for one in told] == told
