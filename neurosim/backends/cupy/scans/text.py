"""Bodies of elementwise steps as text of a kernel."""

from ....equations import StepRenderer
from ..syntax import CSyntax


class StepText(StepRenderer, CSyntax):
    """Renders the texts of one step.

    Parameters
    ----------
    identifiers
        What each name of the body is called in the kernel; changes as names are assigned.
    bits
        Width of a float.
    """

    def __init__(self, identifiers: dict[str, str], bits: int):
        self.identifiers, self.bits = identifiers, bits
        self.booleans: set[str] = set()

    def declaration(self, to: str, value: str, truth: bool) -> str:
        return f"const {'bool' if truth else 'F'} {to} = {value};"
