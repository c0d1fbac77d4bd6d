"""Bodies of elementwise steps as text of a generated function."""

from typing import Any

import numpy as np

from ....equations import StepRenderer
from ..text import Text


class StepText(StepRenderer, Text):
    """Renders the texts of one step.

    Parameters
    ----------
    identifiers
        What each name of the body is called in the function; changes as names are assigned.
    dtype
        Precision of the run.
    """

    def __init__(self, identifiers: dict[str, str], dtype: np.dtype[Any]):
        self.refs = {}
        self.bits = 8 * dtype.itemsize
        self.booleans: set[str] = set()
        self.identifiers = identifiers

    def declaration(self, to: str, value: str, truth: bool) -> str:
        return f"{to} = {value}"
