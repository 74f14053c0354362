"""Flags: a parser that complains in one line, and the flags of the settings that have one."""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from exporter.config import SETTINGS, Config, Setting

PROGRAM = "agent-exporter"
FAILURE = 1
USAGE_ERROR = 2


def complain(text: str) -> None:
    """Write one line to standard error, where that is open: `print` would take another."""
    if sys.stderr is not None:
        print(f"{PROGRAM}: {text}", file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line that names flags, and never their values."""

    def __init__(
        self,
        command: str,
        description: str,
        *,
        examples: Sequence[str],
        usage: str | None = None,
    ) -> None:
        super().__init__(
            prog=f"{PROGRAM} {command}".rstrip(),
            usage=usage,
            description=description,
            epilog="\n  ".join(["examples:", *examples]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the parsed arguments; exits with 2 where one is not known or lacks its value."""
        namespace, unknown = self.parse_known_args(arguments)
        if unknown:
            flag = unknown[0].partition("=")[0]
            known = re.fullmatch(r"--?[a-z][a-z.-]*", flag)
            self.error(f"unknown flag {flag}" if known else "unexpected argument")
        return namespace

    def error(self, message: str) -> NoReturn:
        """Complain, without what argparse quotes of the arguments, and exit with 2."""
        message = re.sub(r" '.*'", "", message, flags=re.DOTALL)
        self.exit(USAGE_ERROR, f"{PROGRAM}: {message}; {self.prog} --help tells more\n")


class Once(argparse.Action):
    """Stores a flag's value, and refuses a second: which of the two was meant nobody can know.

    The flag's default must be `argparse.SUPPRESS`.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _option_string: str | None = None,
    ) -> None:
        """Store the value."""
        if hasattr(namespace, self.dest):
            parser.error(f"argument {self.option_strings[0]}: given twice")
        setattr(namespace, self.dest, values)


def add_settings(parser: Parser) -> None:
    """Give the parser a flag for each setting that has one."""
    for setting in SETTINGS:
        parser.add_argument(
            f"--{setting.flag}",
            dest=setting.flag,
            action="append" if setting.repeatable else Once,
            # Standing alone, as in `--web.enable-lifecycle`, a boolean is true.
            nargs="?" if setting.boolean else None,
            const="true" if setting.boolean else None,
            default=argparse.SUPPRESS,
            metavar=setting.placeholder,
            help=_help(setting),
        )


def settings(namespace: argparse.Namespace) -> dict[str, str | list[str]]:
    """Return the settings that were given, by `Setting.flag`."""
    given = vars(namespace)
    return {setting.flag: given[setting.flag] for setting in SETTINGS if setting.flag in given}


def _help(setting: Setting) -> str:
    section, key = setting.path
    default = getattr(getattr(Config(), section), key)
    parts = [setting.help]
    if setting.repeatable:
        parts.append("may be repeated")
        default = ", ".join(default)
    if isinstance(default, bool):
        default = str(default).lower()
    if default is not None:
        parts.append(f"default {default}")
    return f"{'; '.join(parts)} [{setting.variable}]"
