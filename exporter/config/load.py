"""File, environment and flags -> one `Config`: a flag wins over the environment over the file.

Each source is laid over those before it and the whole is checked again, so that an error always
belongs to the source that was laid on last, and is reported in its words: a line and a key path,
a variable, or a flag.
"""

import difflib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeGuard

import msgspec

from exporter.config.checks import Blame, check
from exporter.config.document import KEY_LENGTH_MAX, Document, key_name, parse
from exporter.config.duration import parse_duration_secs
from exporter.config.error import ConfigError
from exporter.config.sections import Config, Section
from exporter.config.settings import SETTINGS, Setting

_FILES = (("web", "config_file"), ("ingest", "token_file"))
"""Settings that name a file to be read."""

_DURATIONS = (("shutdown", "linger_secs"),)
"""Settings in seconds that may be text with a unit, wherever they are set."""


def load(
    *,
    yaml_text: str | None,
    environ: Mapping[str, str],
    flags: Mapping[str, str | list[str]],
    directory: Path = Path(),
) -> Config:
    """Return the configuration that the three sources make over the defaults.

    `flags` are keyed by `Setting.flag`; a repeatable one takes a list. An empty environment
    variable counts as not set, unless its setting may be empty. Files that the text names by a
    relative path are looked for in `directory`, where the text is from. Raises `ConfigError`, or
    `ConfigFileError` for the text.
    """
    document = Document() if yaml_text is None else parse(yaml_text)
    values = _known(document.values, Config, "", document.error)
    for path in _FILES:
        name = _value(values, path)
        if name and isinstance(name, str):
            values = _overlaid(values, path, str(directory / name))
    config = _convert(values, document.error)
    for name, setting, value in (*_from_environment(environ), *_from_flags(flags)):
        values = _overlaid(values, setting.path, value)
        config = _convert(values, _named(name))
    return config


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Setting, object]]:
    for setting in SETTINGS:
        text = environ.get(setting.variable)
        if text or (text is not None and setting.may_be_empty):
            parts = [part.strip() for part in text.split(",")]
            value = parts if setting.repeatable else text
            yield setting.variable, setting, _read(setting, value, setting.variable)


def _from_flags(
    flags: Mapping[str, str | list[str]],
) -> Iterator[tuple[str, Setting, object]]:
    for setting in SETTINGS:
        if setting.flag in flags:
            name = f"--{setting.flag}"
            yield name, setting, _read(setting, flags[setting.flag], name)


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _read(setting: Setting, value: str | list[str], name: str) -> object:
    """Return what the text of a variable or a flag means to its setting."""
    if not setting.boolean:
        return value
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise ConfigError(f"{name}: expected true or false")


def _value(values: dict[str, object], path: tuple[str, str]) -> object:
    section, key = path
    below = values.get(section)
    return below.get(key) if isinstance(below, dict) else None


def _overlaid(values: dict[str, object], path: tuple[str, str], value: object) -> dict[str, object]:
    section, key = path
    below = values.get(section)
    return {**values, section: {**(below if isinstance(below, dict) else {}), key: value}}


def _named(name: str) -> Blame:
    return lambda _path, reason: ConfigError(f"{name}: {reason}")


def _known(
    values: dict[str, object], section: type[Section], path: str, blame: Blame
) -> dict[str, object]:
    """Return the values without empty sections; raises where a key is not one of the section's.

    A section whose keys are all commented out reads as null, and means its defaults; so does a
    list of sections.
    """
    types = typing.get_type_hints(section)
    known: dict[str, object] = {}
    for key, value in values.items():
        key_path = f"{path}.{key_name(key)}" if path else key_name(key)
        if key not in types:
            raise blame(key_path, "unknown key" + _suggestion(key, types))
        kind = types[key]
        if value is None and _holds_sections(kind):
            continue
        known[key] = _known_value(value, kind, key_path, blame)
    return known


def _known_value(value: object, kind: object, path: str, blame: Blame) -> object:
    """Return the value of a key, checked as far as it is a section, or a list of them."""
    if _is_section(kind):
        if not isinstance(value, dict):
            raise blame(path, "expected a mapping")
        return _known(value, kind, path, blame)
    if isinstance(value, list) and _holds_sections(kind):
        item = typing.get_args(kind)[0]
        return [_known_value(one, item, f"{path}[{i}]", blame) for i, one in enumerate(value)]
    return value


def _holds_sections(kind: object) -> bool:
    return any(map(_is_section, (kind, *typing.get_args(kind)[:1])))


def _is_section(kind: object) -> TypeGuard[type[Section]]:
    return isinstance(kind, type) and issubclass(kind, Section)


def _suggestion(key: str, names: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(key[:KEY_LENGTH_MAX], names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _convert(values: dict[str, object], blame: Blame) -> Config:
    for key_path in _DURATIONS:
        values = _in_seconds(values, key_path, blame)
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as invalid:
        what, _, at = str(invalid).rpartition(" - at `$.")
        path = at.removesuffix("`")
        raise blame(path, _reason(what, path)) from None
    except UnicodeEncodeError:
        raise blame("", "not valid Unicode") from None
    check(config, blame)
    return config


def _in_seconds(
    values: dict[str, object], path: tuple[str, str], blame: Blame
) -> dict[str, object]:
    text = _value(values, path)
    if not isinstance(text, str):
        return values
    try:
        return _overlaid(values, path, parse_duration_secs(text))
    except ValueError as invalid:
        raise blame(".".join(path), str(invalid)) from None


def _reason(what: str, path: str) -> str:
    """Return the decoder's message in the words of YAML, and without the value it may quote."""
    if what.startswith("Invalid enum value"):
        return "expected one of " + ", ".join(_choices(path))
    words = {
        "Object missing required field": "expected the key",
        "`": "",
        "array": "list",
        "object": "mapping",
        "Expected": "expected",
    }
    for theirs, ours in words.items():
        what = what.replace(theirs, ours)
    return what


def _choices(path: str) -> tuple[str, ...]:
    annotation: object = Config
    for key in path.split("."):
        annotation = typing.get_type_hints(annotation)[key]
    return typing.get_args(annotation)
