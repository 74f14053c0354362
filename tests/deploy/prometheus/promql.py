"""Enough of a reader of PromQL to say what an expression asks for.

It does not check the grammar: Prometheus does that, in other tests. It goes through the words once
and keeps a stack of the open parentheses, so that each selector knows what it stands in.
"""

import re
from dataclasses import dataclass, field

_WORD = re.compile(
    r'\s+|"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\{[^}]*\}|[a-zA-Z_:][\w:]*|[\d.]+\w*|[()]|\$\w+|.', re.DOTALL
)
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_CLAUSES = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_OPERATORS = {"and", "or", "unless", "bool", "offset"}


@dataclass(slots=True)
class Call:
    """An open parenthesis: its function or aggregation, and the labels of its `by`."""

    name: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector: metric, matchers, range, and the calls it stands in, the outermost first."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]
    window: str
    calls: tuple[Call, ...]

    def matcher(self, label: str) -> str | None:
        """Return how a label is matched, operator and value; `None` if it is not."""
        found = [f"{how}{value}" for name, how, value in self.matchers if name == label]
        return found[0] if found else None


@dataclass(slots=True)
class _Reader:
    words: list[str]
    at: int = 0
    calls: list[Call] = field(default_factory=list)
    found: list[Selector] = field(default_factory=list)
    pending: Call = field(default_factory=lambda: Call(""))

    def read(self) -> list[Selector]:
        while self.at < len(self.words):
            self._step(self.words[self.at])
        return self.found

    def _step(self, word: str) -> None:
        self.at += 1
        if word in _CLAUSES:
            self._clause(word)
        elif word == "(":
            self.calls.append(self.pending)
            self.pending = Call("")
        elif word == ")":
            self._close()
        elif re.fullmatch(r"[a-zA-Z_:][\w:]*", word) and word not in _OPERATORS:
            self._name(word)
        elif word.startswith("{"):
            self._selector("", word)

    def _clause(self, word: str) -> None:
        labels: tuple[str, ...] = ()
        if self._next() == "(":
            end = self.words.index(")", self.at)
            labels = tuple(each for each in self.words[self.at + 1 : end] if each != ",")
            self.at = end + 1
        if word == "by":
            self.pending.by = labels

    def _name(self, word: str) -> None:
        following = self._next()
        if following == "(" or following in {"by", "without"}:
            self.pending = Call(word)
        elif following.startswith("{"):
            self.at += 1
            self._selector(word, following)
        else:
            self._selector(word, "")

    def _selector(self, metric: str, braces: str) -> None:
        window = self._next().strip("[]") if self._next().startswith("[") else ""
        matchers = tuple(_MATCHER.findall(braces))
        self.found.append(Selector(metric, matchers, window, tuple(self.calls)))

    def _close(self) -> None:
        closed = self.calls.pop()
        if self._next() == "by":
            self.at += 1
            self._clause("by")
            closed.by, self.pending = self.pending.by, Call("")

    def _next(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""


def selectors(expr: str) -> list[Selector]:
    """Return all selectors of an expression, in their order."""
    plain = re.sub(r"#[^\n]*", "", expr)
    return _Reader([word for word in _WORD.findall(plain) if not word.isspace()]).read()
