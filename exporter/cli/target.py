"""Where a command pushes to: the flags for it, and what they and the environment come to."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from exporter.cli.flags import Parser
from exporter.cli.healthcheck import DEFAULT_URL
from exporter.client.address import Address, parsed
from exporter.client.telemetry import TOKEN_VARIABLE
from exporter.config import URL_VARIABLE, ConfigError
from exporter.web.bearer import read_token


class Target(NamedTuple):
    """The exporter's URL and the bearer token for it, and the address that they come to."""

    url: str
    token: str | None
    address: Address


def add_target(parser: Parser) -> None:
    """Give the parser the flags that say where to push."""
    parser.add_argument("--url", metavar="URL", help=f"default {DEFAULT_URL} [{URL_VARIABLE}]")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=Path,
        help=f"the file with the bearer token to push with [the token itself: {TOKEN_VARIABLE}]",
    )


def find_target(parser: Parser, options: argparse.Namespace, environ: Mapping[str, str]) -> Target:
    """Return where to push; exits with 2 where URL or token cannot be used."""
    url: str = options.url or environ.get(URL_VARIABLE) or DEFAULT_URL
    token: str | None = environ.get(TOKEN_VARIABLE)
    try:
        if options.token_file is not None:
            token = read_token(options.token_file).decode()
        return Target(url, token, parsed(url, token))
    except ConfigError as error:
        # It is named after the server's setting.
        parser.error(f"--token-file: {str(error).partition(': ')[2]}")
    except ValueError as error:
        parser.error(str(error))
