"""Every call of OpenAI's and Anthropic's libraries as a completion, with one line of code.

    from exporter.client import Telemetry
    from exporter.client.instrument import instrument

    instrument(Telemetry(agent="my-agent"))

Told are the model that was asked for, the time to the answer and to its first token, the tokens,
why the model stopped, and of a failure its kind and status. No prompt and no answer is looked at.
Answers that are asked for raw count too, but those that come as a stream without tokens. A program
that counts its LiteLLM calls (`exporter.client.litellm`) leaves OpenAI's library out, because
LiteLLM calls it.
"""

import threading
from typing import Final

from exporter.client import instrument_anthropic, instrument_openai
from exporter.client.instrument_method import Library, Patch
from exporter.client.telemetry import Telemetry

_LOCK: Final = threading.Lock()
_PATCHES: Final[dict[str, list[Patch]]] = {}
"""By library, what is replaced now. The libraries' classes are one for the process, so is this."""


def instrument(telemetry: Telemetry, *, openai: bool = True, anthropic: bool = True) -> None:
    """Tell `telemetry` of every call from now on; a library that is not installed is passed over.

    Once more, it changes whom these libraries tell, and no call counts twice. Raises nothing.
    """
    with _LOCK:
        if openai:
            _replace("openai", instrument_openai.LIBRARY, telemetry)
        if anthropic:
            _replace("anthropic", instrument_anthropic.LIBRARY, telemetry)


def uninstrument() -> None:
    """Put the libraries back as they were. Calls under way are still told of."""
    with _LOCK:
        for name in tuple(_PATCHES):
            _restore(name)


def _replace(name: str, library: Library, telemetry: Telemetry) -> None:
    _restore(name)
    patches = _PATCHES[name] = []
    for method in library.methods:
        try:
            patches.append(Patch(library, method, telemetry))
        except Exception:  # noqa: BLE001, S112 - not installed, broken, or of another version
            continue


def _restore(name: str) -> None:
    for patch in reversed(_PATCHES.pop(name, [])):
        patch.remove()
