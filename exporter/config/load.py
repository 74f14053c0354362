"""File, environment and flags -> one `Config`: a flag wins over the environment over the file.

Each source is laid over those before it and the whole is checked again, so that an error always
belongs to the source that was laid on last, and is reported in its words: a line and a key path,
a variable, or a flag.
"""

import difflib
import typing
from collections.abc import Callable, Iterator, Mapping

import msgspec

from exporter.config.address import parse_address
from exporter.config.document import KEY_LENGTH_MAX, Document, key_name, parse
from exporter.config.error import ConfigError
from exporter.config.sections import Config, Ingest, Section
from exporter.config.settings import SETTINGS, Setting

_Error = Callable[[str, str], ConfigError]
"""(path, reason) -> the error, in the words of the source at fault."""


def load(
    *,
    yaml_text: str | None,
    environ: Mapping[str, str],
    flags: Mapping[str, str | list[str]],
) -> Config:
    """Return the configuration that the three sources make over the defaults.

    `flags` are keyed by `Setting.flag`; a repeatable one takes a list. An empty environment
    variable counts as not set. Raises `ConfigError`, or `ConfigFileError` for the text.
    """
    document = Document() if yaml_text is None else parse(yaml_text)
    values = _known(document.values, Config, "", document.error)
    config = _convert(values, document.error)
    for name, setting, value in (*_from_environment(environ), *_from_flags(flags)):
        values = _overlaid(values, setting, value)
        config = _convert(values, _named(name))
    return config


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Setting, object]]:
    for setting in SETTINGS:
        text = environ.get(setting.variable, "")
        if text:
            parts = [part.strip() for part in text.split(",")]
            yield setting.variable, setting, parts if setting.repeatable else text


def _from_flags(
    flags: Mapping[str, str | list[str]],
) -> Iterator[tuple[str, Setting, object]]:
    for setting in SETTINGS:
        if setting.flag in flags:
            yield f"--{setting.flag}", setting, flags[setting.flag]


def _overlaid(values: dict[str, object], setting: Setting, value: object) -> dict[str, object]:
    section, key = setting.path
    below = values.get(section)
    return {**values, section: {**(below if isinstance(below, dict) else {}), key: value}}


def _named(name: str) -> _Error:
    return lambda _path, reason: ConfigError(f"{name}: {reason}")


def _known(
    values: dict[str, object], section: type[Section], path: str, error: _Error
) -> dict[str, object]:
    """Return the values without empty sections; raises where a key is not one of the section's.

    A section whose keys are all commented out reads as null, and means its defaults.
    """
    types = typing.get_type_hints(section)
    known: dict[str, object] = {}
    for key, value in values.items():
        key_path = f"{path}.{key_name(key)}" if path else key_name(key)
        if key not in types:
            raise error(key_path, "unknown key" + _suggestion(key, types))
        if not issubclass(_class(types[key]), Section):
            known[key] = value
        elif isinstance(value, dict):
            known[key] = _known(value, types[key], key_path, error)
        elif value is not None:
            raise error(key_path, "expected a mapping")
    return known


def _class(annotation: object) -> type:
    return annotation if isinstance(annotation, type) else object


def _suggestion(key: str, names: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(key[:KEY_LENGTH_MAX], names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _convert(values: dict[str, object], error: _Error) -> Config:
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as invalid:
        what, _, at = str(invalid).rpartition(" - at `$.")
        path = at.removesuffix("`")
        raise error(path, _reason(what, path)) from None
    except UnicodeEncodeError:
        raise error("", "not valid Unicode") from None
    _check_addresses(config, error)
    _check_queue(config.ingest, error)
    return config


def _reason(what: str, path: str) -> str:
    """Return the decoder's message in the words of YAML, and without the value it may quote."""
    if what.startswith("Invalid enum value"):
        return "expected one of " + ", ".join(_choices(path))
    words = {"`": "", "array": "list", "object": "mapping", "Expected": "expected"}
    for theirs, ours in words.items():
        what = what.replace(theirs, ours)
    return what


def _choices(path: str) -> tuple[str, ...]:
    annotation: object = Config
    for key in path.split("."):
        annotation = typing.get_type_hints(annotation)[key]
    return typing.get_args(annotation)


def _check_addresses(config: Config, error: _Error) -> None:
    addresses = [(f"web.listen_address[{i}]", a) for i, a in enumerate(config.web.listen_address)]
    if config.ingest.listen_address is not None:
        addresses.append(("ingest.listen_address", config.ingest.listen_address))
    taken: set[tuple[str | None, int]] = set()
    for path, address in addresses:
        try:
            parsed = parse_address(address)
        except ValueError as invalid:
            raise error(path, str(invalid)) from None
        if parsed in taken:
            raise error(path, "given twice")
        if parsed[1]:  # Port 0 is another one each time.
            taken.add(parsed)


def _check_queue(ingest: Ingest, error: _Error) -> None:
    # A push that is allowed but larger than the queue would be told "later" for ever.
    if ingest.queue_events_max < ingest.events_per_batch_max:
        raise error("ingest.queue_events_max", "expected at least events_per_batch_max")
    if ingest.queue_bytes_max < ingest.body_bytes_max:
        raise error("ingest.queue_bytes_max", "expected at least body_bytes_max")
