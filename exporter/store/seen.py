"""Names seen since the start, up to a bound."""


class SeenNames:
    """At most `names_max` names; once that many are known, new ones are passed over."""

    def __init__(self, *, names_max: int) -> None:
        self.names_max = names_max
        self._names: set[str] = set()

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        """Take a name in."""
        if len(self._names) < self.names_max:
            self._names.add(name)

    def in_order(self) -> list[str]:
        """Return the names, sorted."""
        return sorted(self._names)
