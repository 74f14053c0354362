"""What is refused in a file, and in which words."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.config import Config, ConfigError, ConfigFileError, load, read_file

ADDRESS = "expected host:port, [ipv6]:port or :port"

DURATION = "expected a duration: 20s, 1m, 500ms or seconds"
NULL = "expected a path, without a null character"
HOST = "expected a host name, without a port"
PRICED = "{match: %s, usd_per_million: {input: 5}}"
USD = "line 1: pricing.models[0].usd_per_million"

WRONG = [
    # Unknown keys.
    ("webb: {}", "line 1: webb: unknown key; did you mean web?"),
    ("zzz: 1", "line 1: zzz: unknown key"),
    (
        "web:\n  listen_adress: [':1']",
        "line 2: web.listen_adress: unknown key; did you mean listen_address?",
    ),
    (
        "metrics:\n  label_values_max:\n    modell: 1",
        "line 3: metrics.label_values_max.modell: unknown key; did you mean model?",
    ),
    ("<<: {web: {}}", 'line 1: "<<": unknown key'),
    ('"a\\nb": 1', 'line 1: "a\\nb": unknown key'),
    # Wrong types.
    ("- web", "line 1: expected a mapping of sections"),
    ("web", "line 1: expected a mapping of sections"),
    ("web: 1", "line 1: web: expected a mapping"),
    ("web: []", "line 1: web: expected a mapping"),
    ("metrics: {label_values_max: 5}", "line 1: metrics.label_values_max: expected a mapping"),
    ("web: {listen_address: ':1'}", "line 1: web.listen_address: expected list, got str"),
    ("web: {listen_address: [1]}", "line 1: web.listen_address[0]: expected str, got int"),
    (
        "ingest: {listen_address: [':1']}",
        "line 1: ingest.listen_address: expected str | null, got list",
    ),
    ("store: {slots: many}", "line 1: store.slots: expected int, got str"),
    ("store: {slots: 1.5}", "line 1: store.slots: expected int, got float"),
    ("store: {slots: true}", "line 1: store.slots: expected int, got bool"),
    ("store: {slots: }", "line 1: store.slots: expected int, got null"),
    ("store: {slots: 010}", "line 1: store.slots: expected int, got str"),
    ("store: {slots: 1:30}", "line 1: store.slots: expected int, got str"),
    ("log: {level: 1}", "line 1: log.level: expected str, got int"),
    ("1: web", "line 1: expected keys that are strings"),
    ("web:\n  ? [a]\n  : b", "line 2: web: expected keys that are strings"),
    # Out of range.
    ("store:\n  slots: 0", "line 2: store.slots: expected int >= 1"),
    ("store: {slots: -1}", "line 1: store.slots: expected int >= 1"),
    ("store: {slots: 99999999999999999999}", "line 1: store.slots: expected int <= 10000"),
    ("ingest: {body_bytes_max: 1}", "line 1: ingest.body_bytes_max: expected int >= 1024"),
    ("web: {listen_address: []}", "line 1: web.listen_address: expected list of length >= 1"),
    ("web:\n  listen_address:\n  - :1\n  - x", f"line 4: web.listen_address[1]: {ADDRESS}"),
    ("ingest: {listen_address: x}", f"line 1: ingest.listen_address: {ADDRESS}"),
    ("log: {level: loud}", "line 1: log.level: expected one of debug, info, warn, error"),
    ("log: {format: xml}", "line 1: log.format: expected one of logfmt, json"),
    (
        "ingest:\n  body_timeout_secs: 1\n  queue_events_max: 5",
        "line 3: ingest.queue_events_max: expected at least events_per_batch_max",
    ),
    (
        "\ningest: {body_bytes_max: 100_000_000}",
        "line 2: ingest.queue_bytes_max: expected at least body_bytes_max",
    ),
    (
        "ingest: {listen_address: '127.0.0.1:24368'}",
        "line 1: ingest.listen_address: given twice",
    ),
    ("shutdown:\n  linger_secs: 601", "line 2: shutdown.linger_secs: expected float <= 600.0"),
    ("shutdown: {linger_secs: -1}", "line 1: shutdown.linger_secs: expected float >= 0.0"),
    ("shutdown: {linger_secs: 1h}", f"line 1: shutdown.linger_secs: {DURATION}"),
    ("shutdown: {linger_secs: ''}", f"line 1: shutdown.linger_secs: {DURATION}"),
    ("shutdown: {linger_secs: '٣s'}", f"line 1: shutdown.linger_secs: {DURATION}"),
    ("shutdown: {linger_secs: }", "line 1: shutdown.linger_secs: expected float, got null"),
    ("storage: {path: }", "line 1: storage.path: expected str, got null"),
    ("storage: {sync: off}", "line 1: storage.sync: expected one of normal, full"),
    ('storage: {path: "a\\0"}', f"line 1: storage.path: {NULL}"),
    ('web: {config_file: "\\0"}', f"line 1: web.config_file: {NULL}"),
    ("web: {config_file: ''}", "line 1: web.config_file: expected str of length >= 1"),
    ("web: {enable_lifecycle: 1}", "line 1: web.enable_lifecycle: expected bool, got int"),
    ("web: {enable_lifecycle: yes}", "line 1: web.enable_lifecycle: expected bool, got str"),
    (
        "web:\n  hosts_allowed:\n  - a.internal\n  - a.internal:80",
        "line 4: web.hosts_allowed[1]: expected a host name, without a port",
    ),
    ("web: {hosts_allowed: ['']}", f"line 1: web.hosts_allowed[0]: {HOST}"),
    ("web: {listen_address: [':1', ':1']}", "line 1: web.listen_address[1]: given twice"),
    # Prices, which are sections in a list.
    ("pricing: []", "line 1: pricing: expected a mapping"),
    ("pricing: {models: {a: 1}}", "line 1: pricing.models: expected list, got mapping"),
    ("pricing:\n  models:\n  - 5", "line 3: pricing.models[0]: expected a mapping"),
    ("pricing:\n  models:\n  -", "line 3: pricing.models[0]: expected a mapping"),
    (
        "pricing:\n  models:\n  - match: a\n",
        "line 3: pricing.models[0]: expected the key usd_per_million",
    ),
    (
        "pricing:\n  models:\n  - match: a\n    usd_per_million:\n",
        "line 3: pricing.models[0]: expected the key usd_per_million",
    ),
    (
        "pricing:\n  models:\n  - usd_per_million: {}\n",
        "line 3: pricing.models[0]: expected the key match",
    ),
    (
        "pricing:\n  models:\n  - match: a\n    usd_per_milion: {}",
        "line 4: pricing.models[0].usd_per_milion: unknown key; did you mean usd_per_million?",
    ),
    (
        f"pricing: {{models: [{PRICED % 'a'}, {PRICED % 'b'}, {{match: c, price: 5}}]}}",
        "line 1: pricing.models[2].price: unknown key",
    ),
    (
        "pricing: {models: [{match: a, usd_per_million: {reasonning: 1}}]}",
        f"{USD}.reasonning: unknown key; did you mean reasoning?",
    ),
    (
        "pricing: {models: [{match: a, usd_per_million: 5}]}",
        f"{USD}: expected a mapping",
    ),
    (
        "pricing: {models: [{match: a, usd_per_million: {input: $5}}]}",
        f"{USD}.input: expected float | null, got str",
    ),
    (
        "pricing: {models: [{match: a, usd_per_million: {output: -0.1}}]}",
        f"{USD}.output: expected float >= 0.0",
    ),
    (
        "pricing: {models: [{match: a, usd_per_million: {cache_read: 1_000_001}}]}",
        f"{USD}.cache_read: expected float <= 1000000.0",
    ),
    (
        "pricing: {models: [{match: '', usd_per_million: {}}]}",
        "line 1: pricing.models[0].match: expected str of length >= 1",
    ),
    (
        f"pricing: {{models: [{PRICED % ('a' * 257)}]}}",
        "line 1: pricing.models[0].match: expected str of length <= 256",
    ),
    (
        f"pricing:\n  models:\n  - {PRICED % 'a'}\n  - {PRICED % 'b'}\n  - {PRICED % 'a'}",
        "line 5: pricing.models[2].match: given twice",
    ),
    (
        f"pricing: {{models: [{PRICED % 5}]}}",
        "line 1: pricing.models[0].match: expected str, got int",
    ),
    (
        f"pricing: {{models: [{', '.join(PRICED % f'm{i}' for i in range(1_001))}]}}",
        "line 1: pricing.models: expected list of length <= 1000",
    ),
    # Not plain YAML.
    ("log: {level: info}\nlog: {}", "line 2: log: duplicate key"),
    ("log:\n  level: info\n  level: info", "line 3: log.level: duplicate key"),
    ("web: &a {}\nlog: *a", "line 2: aliases are not supported"),
    ("web: !!python/object:os.system {}", "line 1: tags are not supported"),
    ("web: !!set {}", "line 1: tags are not supported"),
    ("[" * 5000, "line 1: nested too deeply"),
    ("web: {}\n---\nlog: {}", "line 2: not valid YAML: found another document"),
    ("web:\n\tlog: 1", "line 2: not valid YAML: found character …"),
    ("web: [", "line 1: not valid YAML: expected the node content, but found '<stream end>'"),
    ("web: \x00", "not valid YAML"),
    ('web: "\\UFFFFFFFF"', "not valid YAML"),
    ('log: {level: "\\ud800"}', "line 1: log.level: not valid Unicode"),
    ("#" * 300_000, "larger than 262144 characters"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_file_is_refused_with_its_line_and_key(text: str, message: str) -> None:
    """The one line says where the error is, by line and key path, and what was expected."""
    with pytest.raises(ConfigFileError) as caught:
        load(yaml_text=text, environ={}, flags={})
    assert str(caught.value) == message


def test_many_aliases_cost_nothing() -> None:
    """A text that would unfold to a billion values is refused at its first alias."""
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(ConfigFileError, match=r"^line 2: aliases are not supported$"):
        load(yaml_text="\n".join(["a0: &a0 [x]", *levels]), environ={}, flags={})


SECRET = "zq7secretqz"  # noqa: S105 - stands for one


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"web: {SECRET}",
        f"web: {{listen_address: [{SECRET}]}}",
        f"web: {{listen_address: [':1:{SECRET}']}}",
        f"store: {{slots: {SECRET}}}",
        f"pricing: {{models: [{SECRET}]}}",
        f"pricing: {{models: [{{match: {SECRET}}}]}}",
        f"pricing: {{models: [{{match: a, usd_per_million: {{input: {SECRET}}}}}]}}",
        f"log: {{level: {SECRET}}}",
        f"log: {{level: '{SECRET} - at `$.log`'}}",
        f"log: {{level: *{SECRET}}}",
        f"log: {{level: !{SECRET} x}}",
        f"log: {{level: !{SECRET}!x y}}",
        f"web: &{SECRET} {{}}\nlog: &{SECRET} {{}}\nx: *{SECRET}",
        f"web: {SECRET}: {SECRET}",
        f"web: '{SECRET}",
        f"%TAG !{SECRET}! x\n%TAG !{SECRET}! x\n---\n",
    ],
)
def test_a_value_is_never_repeated(text: str) -> None:
    """A secret in the wrong place does not come out in the error."""
    with pytest.raises(ConfigFileError) as caught:
        load(yaml_text=text, environ={}, flags={})
    assert SECRET not in str(caught.value)


KEYS = st.sampled_from(
    [
        *("web", "log", "store", "metrics", "ingest", "shutdown", "storage"),
        *("pricing", "models", "match", "usd_per_million", "input"),
        *("slots", "level", "listen_address", "config_file", "linger_secs", "path", "x", "<<", ""),
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from([":1", "info"]), st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)
PIECES = st.sampled_from(
    [
        *("web", "log", "level", ":", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ",", '"', "'"),
        *("&a", "*a", "!", "!!int", "%YAML 1.1", "%TAG", "---", "...", "? ", "#", "|", "<<"),
        *("shutdown", "linger_secs", "20s", "web", "config_file", "storage", "path"),
        *("~", "true", "1_0", "010", "0x1", "1:30", ".inf", ".nan", "2001-13-45", "\t", "\ufeff"),
        *("\\u", "\\U", "\x85", "\u2028"),
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), VALUES.map(repr)))
@example("%YAML " + "9" * 5000 + ".1\n--- {}")
@example("store: {slots: " + "9" * 5000 + "}")
@example("store: {slots: 2001-13-45}")
@example("a: !!timestamp x")
@example("{" * 5000)
@settings(deadline=None)
def test_any_text_is_a_configuration_or_one_line(text: str) -> None:
    """Whatever the text, loading gives a `Config` or raises a `ConfigError` of one line."""
    try:
        config = load(yaml_text=text, environ={}, flags={})
    except ConfigError as error:
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(config, Config)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        (b"log: \xff", "not UTF-8"),
        (b"#" * 300_000, "larger than 262144 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """A missing, binary or huge file is an error of one line, like any other."""
    path = tmp_path / "exporter.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigFileError, match=f"^{message}$"):
        read_file(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """A file that an editor began with a byte order mark reads like one without."""
    path = tmp_path / "exporter.yml"
    path.write_bytes(b"\xef\xbb\xbflog: {level: warn}")
    assert load(yaml_text=read_file(path), environ={}, flags={}).log.level == "warn"
