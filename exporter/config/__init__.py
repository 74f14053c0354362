"""The configuration: what may be set, where it is read from, and what is wrong with it."""

from exporter.config.address import parse_address
from exporter.config.document import read_file
from exporter.config.error import ConfigError, ConfigFileError
from exporter.config.load import load
from exporter.config.sections import (
    Config,
    Dedupe,
    Ingest,
    LabelValues,
    Log,
    LogFormat,
    LogLevel,
    Metrics,
    ModelPrice,
    Pricing,
    Shutdown,
    Storage,
    Store,
    UsdPerMillion,
    Web,
)
from exporter.config.settings import (
    CONFIG_FILE_VARIABLE,
    SETTINGS,
    URL_VARIABLE,
    Setting,
    unknown_environment,
)

__all__ = [
    "CONFIG_FILE_VARIABLE",
    "SETTINGS",
    "URL_VARIABLE",
    "Config",
    "ConfigError",
    "ConfigFileError",
    "Dedupe",
    "Ingest",
    "LabelValues",
    "Log",
    "LogFormat",
    "LogLevel",
    "Metrics",
    "ModelPrice",
    "Pricing",
    "Setting",
    "Shutdown",
    "Storage",
    "Store",
    "UsdPerMillion",
    "Web",
    "load",
    "parse_address",
    "read_file",
    "unknown_environment",
]
