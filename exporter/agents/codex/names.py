"""What Codex calls things, in whatever it writes."""

from typing import Final

NAME: Final = "codex"
PROVIDER: Final = "openai"
PREFIX: Final = "codex."

SERVICES: Final = frozenset(
    {
        "codex",
        "codex_cli_rs",
        "codex-tui",
        "codex_exec",
        "codex_vscode",
        "codex_sdk_ts",
        "codex-app-server",
        "Codex Desktop",
    }
)
"""What Codex calls its service: the front end that started it."""

ERROR_LENGTH_MAX: Final = 1_024
