"""A YAML text -> plain values, each with the line it stands on.

The text is composed into nodes and read from those, because only nodes know their lines. What is
ugly: PyYAML speaks YAML 1.1, where `on` is true, `010` is 8 and `1:30` is 90. So the implicit
types are cut down to the few a configuration needs, and whatever is left is text that a typed
section refuses. Aliases and tags are refused outright: nothing here needs them, and without them
a small text cannot grow into a large value.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import yaml
from msgspec import Struct, field

from exporter.config.error import ConfigFileError

FILE_BYTES_MAX = 256 * 1024
DEPTH_MAX = 16
KEY_LENGTH_MAX = 64


class Document(Struct, frozen=True):
    """What a file says: nested values, and the line of each by its path (`web.listen_address`)."""

    values: dict[str, object] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def error(self, path: str, reason: str) -> ConfigFileError:
        """Return the error of the value at this path, with the nearest line that is known."""
        nearest = path
        while nearest and nearest not in self.lines:
            nearest = nearest[: max(nearest.rfind("."), nearest.rfind("["), 0)]
        return ConfigFileError(reason, path=path, line=self.lines.get(nearest))


def read_file(path: Path) -> str:
    """Return the text of a configuration file; raises `ConfigFileError` where there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigFileError(error.strerror or "cannot be read") from None
    if len(content) > FILE_BYTES_MAX:
        raise ConfigFileError(f"larger than {FILE_BYTES_MAX} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigFileError("not UTF-8") from None


def parse(text: str) -> Document:
    """Return what the text says; raises `ConfigFileError` where it is not one plain mapping."""
    if len(text) > FILE_BYTES_MAX:
        raise ConfigFileError(f"larger than {FILE_BYTES_MAX} characters")
    root = _compose(text)
    if root is None:
        return Document()
    lines: dict[str, int] = {}
    values = _value(root, "", lines)
    if values is None:
        return Document()
    if not isinstance(values, dict):
        raise ConfigFileError("expected a mapping of sections", line=_line(root))
    return Document(values, lines)


def key_name(key: str) -> str:
    """Return the key as an error may show it: on one line, and not too long."""
    shown = key[:KEY_LENGTH_MAX]
    return shown if re.fullmatch(r"[\w-]+", shown, re.ASCII) else json.dumps(shown)


class _Loader(yaml.SafeLoader):
    """Composes nodes, refusing what is not plain data."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it bare
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise ConfigFileError("aliases are not supported", line=line)
        if getattr(event, "tag", None) is not None:
            raise ConfigFileError("tags are not supported", line=line)
        if self.depth == DEPTH_MAX:
            raise ConfigFileError("nested too deeply", line=line)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_INTEGER = r"(?:0|[1-9](?:_?[0-9]){0,30})"
_SCALARS: tuple[tuple[str, str, str, Callable[[str], object]], ...] = (
    ("tag:yaml.org,2002:null", r"~|null|", "~n", lambda _: None),
    ("tag:yaml.org,2002:bool", r"true|false", "tf", "true".__eq__),
    ("tag:yaml.org,2002:int", rf"[-+]?{_INTEGER}", "-+0123456789", int),
    ("tag:yaml.org,2002:float", rf"[-+]?{_INTEGER}?\.[0-9]+", "-+.0123456789", float),
)
"""The implicit types: tag, pattern, the characters it may begin with, and how it is read."""

_READERS = {tag: read for tag, _, _, read in _SCALARS}

_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first, _ in _SCALARS:
    # PyYAML looks an empty scalar up under "", as if that were its first character.
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})\\Z"), [*_first, ""])


_QUOTATION = re.compile(r"""('<[a-z ]+>')|['"].*""", re.DOTALL)
"""A quotation in PyYAML's messages, the names of its tokens apart."""


def _compose(text: str) -> yaml.Node | None:
    try:
        return _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        # PyYAML quotes the text it stumbled over; that may be a secret in the wrong place.
        problem = _QUOTATION.sub(lambda found: found[1] or "…", error.problem or "")
        problem = problem.removeprefix("but ")
        raise ConfigFileError(f"not valid YAML: {problem}", line=line) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # Control characters, and escapes or versions with numbers that overflow inside PyYAML.
        raise ConfigFileError("not valid YAML") from None


def _value(node: yaml.Node, path: str, lines: dict[str, int]) -> object:
    lines.setdefault(path, _line(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, f"{path}[{i}]", lines) for i, item in enumerate(node.value)]
    return _scalar(node, path)


def _mapping(node: yaml.MappingNode, path: str, lines: dict[str, int]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = _line(key_node)
        key = _scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise ConfigFileError("expected keys that are strings", path=path, line=line)
        key_path = f"{path}.{key_name(key)}" if path else key_name(key)
        if key in values:
            raise ConfigFileError("duplicate key", path=key_path, line=line)
        lines[key_path] = line
        values[key] = _value(value_node, key_path, lines)
    return values


def _scalar(node: yaml.Node, path: str) -> object:
    text = str(node.value)
    if node.tag in _READERS:
        return _READERS[node.tag](text)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigFileError("not valid Unicode", path=path, line=_line(node)) from None
    return text


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
