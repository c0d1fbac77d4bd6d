"""A piece of text that remembers where it stands, so that an error can point into it."""

import ast
from dataclasses import dataclass, replace

from ..errors import EquationError, NeurosimError

MAX_SHOWN = 100


@dataclass(frozen=True)
class Source:
    """One expression or line of text, and its place.

    Parameters
    ----------
    text
        The text as it was written; it may span lines and hold comments.
    where
        What the text belongs to: ``"equations"``, ``"Neurons 'exc', threshold"``.
    line
        The number of its first line, from 1; 0 when the place has only one line.
    """

    text: str
    where: str
    line: int = 0

    def within(self, where: str) -> "Source":
        """The same text with a longer name of its place."""
        return replace(self, where=f"{where}, {self.where}" if where else self.where)

    def error(
        self, message: str, node: ast.AST | None = None, kind: type[NeurosimError] = EquationError
    ) -> NeurosimError:
        """An error that shows the text with a line of carets under ``node``, or under all of it."""
        start, end = self._span(node)
        row = self.text.count("\n", 0, start)
        left = self.text.rfind("\n", 0, start) + 1
        right = self.text.find("\n", start)
        right = len(self.text) if right < 0 else right
        left += len(self.text[left:start]) - len(self.text[left:start].lstrip())
        left = max(left, start - MAX_SHOWN // 2)
        shown = self.text[left:right].rstrip()[:MAX_SHOWN]
        width = max(1, min(end - left, len(shown)) - (start - left))
        place = f"{self.where}, line {self.line + row}" if self.line else self.where
        return kind(f"{place}: {message}\n    {shown}\n    {' ' * (start - left)}{'^' * width}")

    def _span(self, node: ast.AST | None) -> tuple[int, int]:
        start = getattr(node, "col_offset", None)
        if node is None or start is None:
            stripped = self.text.strip()
            begin = self.text.find(stripped)
            return begin, begin + len(stripped)
        # Python counts columns in bytes of UTF-8, and our texts are parsed as a single line
        data = self.text.encode()
        end = getattr(node, "end_col_offset", None) or start + 1
        return len(data[:start].decode(errors="ignore")), len(data[:end].decode(errors="ignore"))

    def part(self, start: int, end: int) -> "Source":
        """The text from ``start`` to ``end``, with its line number."""
        line = self.line + self.text.count("\n", 0, start) if self.line else 0
        return replace(self, text=self.text[start:end], line=line)


def one_line(text: str) -> str:
    """The text without comments and line breaks, every character still in its place.

    Line breaks, continuation backslashes and comments become blanks, so a position in the result
    is the same position in the text.
    """
    rows = []
    for row in text.split("\n"):
        code, hash_, comment = row.partition("#")
        stripped = code.rstrip()
        if stripped.endswith("\\"):
            code = stripped[:-1] + " " * (len(code) - len(stripped) + 1)
        rows.append(code + " " * len(hash_ + comment))
    return " ".join(rows)
