"""How much the store holds: what a configuration may say, and what is fixed."""

from typing import Final, TypedDict

LIMITS_MAX: Final = 1_000
QUEUES_MAX: Final = 1_000
TOOLS_MAX: Final = 500
"""How many tools are in the window, each of one agent, and how many are known by name."""
QUOTAS_MAX: Final = 1_000
AGENTS_MAX: Final = 100
CHANNELS_MAX: Final = 100
USAGES_PER_SESSION: Final = 30
"""How many (slot, model) pairs of usage there may be to a session, on average."""
USAGES_MIN: Final = 300_000
"""To how many of them no session has to go: few busy sessions may fill their windows."""
ENTRIES_PER_MODEL: Final = 1_200
"""How many entries of histograms there may be to a model, on average: about 50 kB."""
ENTRIES_MIN: Final = 1_200_000
"""To how many of them no model has to go: few busy models may fill their windows."""
TOOL_ENTRIES_MAX: Final = 600_000
"""How many such entries there may be of all tools: as much to each as to a model."""


class Bounds(TypedDict, total=False):
    """The arguments of `State`, for who passes them on."""

    window_secs: float
    slots: int
    models_max: int
    sessions_max: int
    session_active_secs: float
    requests_max: int
    request_ttl_secs: float
    limit_ttl_secs: float
    calls_max: int
    events_max: int
    gauge_ttl_secs: float
