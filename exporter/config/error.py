"""What is wrong with a configuration, in one line for a person, and never the value itself."""


class ConfigError(Exception):
    """A configuration that cannot be used; the text is one line of our own words and of names."""


class ConfigFileError(ConfigError):
    """A configuration file that cannot be used; `line` counts from 1, where it is known."""

    def __init__(self, reason: str, *, path: str = "", line: int | None = None) -> None:
        where = [f"line {line}"] if line is not None else []
        super().__init__(": ".join([*where, *([path] if path else []), reason]))
        self.path = path
        self.line = line
