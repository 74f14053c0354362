"""`agent-exporter healthcheck`: asks a running exporter for `/health`, as Docker would."""

import argparse
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence

from exporter.cli.flags import FAILURE, USAGE_ERROR, Parser, complain
from exporter.config import URL_VARIABLE

DEFAULT_URL = "http://127.0.0.1:24368"
DEFAULT_TIMEOUT_SECS = 3.0
TIMEOUT_SECS_MAX = 3600.0
ANSWER_BYTES_MAX = 1024 * 1024
STATUSES = ("ok", "degraded")


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print the status, or why there is none; returns 0 while the exporter answers, else 1."""
    options = _parser().parse(arguments)
    url: str = options.url or environ.get(URL_VARIABLE) or DEFAULT_URL
    if not url.lower().startswith(("http://", "https://")):
        complain("the URL must begin with http:// or https://")
        return USAGE_ERROR
    try:
        status = status_in(get_health(f"{url.rstrip('/')}/health", options.timeout))
    except UnwellError as unwell:
        complain(f"unhealthy: {unwell}")
        return FAILURE
    print(status)
    return 0


def _parser() -> Parser:
    parser = Parser(
        "healthcheck",
        "Ask a running exporter whether it is well. Exits 0 while it answers, else 1.",
        examples=[
            "agent-exporter healthcheck",
            "agent-exporter healthcheck --url=http://127.0.0.1:9100 --timeout=1",
        ],
    )
    parser.add_argument("--url", metavar="URL", help=f"default {DEFAULT_URL} [{URL_VARIABLE}]")
    parser.add_argument(
        "--timeout",
        metavar="SECS",
        type=_timeout_secs,
        default=DEFAULT_TIMEOUT_SECS,
        help="seconds to wait for the exporter; default %(default)s",
    )
    return parser


def _timeout_secs(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= TIMEOUT_SECS_MAX:
        raise argparse.ArgumentTypeError(f"expected seconds, above 0 and <= {TIMEOUT_SECS_MAX:g}")
    return seconds


class UnwellError(Exception):
    """Why there is no good answer, in our own words: neither the URL nor the answer is shown."""


def get_health(url: str, timeout_secs: float) -> bytes:
    """Return what is answered at a URL. Raises `UnwellError`."""
    # A proxy from the environment is meant for the world outside, not for a sidecar.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_secs) as response:
            answer: bytes = response.read(ANSWER_BYTES_MAX)
            return answer
    except urllib.error.HTTPError as error:
        with error:
            raise UnwellError(f"answered {error.code}") from None
    except urllib.error.URLError as error:
        raise UnwellError(_os_reason(error.reason)) from None
    except OSError as error:
        raise UnwellError(_os_reason(error)) from None
    except (http.client.HTTPException, ValueError):
        raise UnwellError("no valid URL, or no valid HTTP answer") from None


def _os_reason(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "timed out"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return "cannot connect"


def status_in(answer: bytes) -> str:
    """Return the status that an exporter's answer tells. Raises `UnwellError` for another's."""
    try:
        body = json.loads(answer)
    except (ValueError, RecursionError):
        body = None
    status = body.get("status") if isinstance(body, dict) else None
    if status not in STATUSES:
        raise UnwellError("what answers there is not an agent-exporter")
    return str(status)
