"""Equations: text -> checked expressions -> one-step updates."""

from .checking import Checked, check
from .driven import event_driven
from .evaluator import evaluate
from .expressions import FUNCTIONS, calls, names, parse, substitute, unparse
from .renderer import Renderer
from .solvers import METHODS, solve
from .text import Assign, Equations, Variable
from .updates import Update

__all__ = [
    "FUNCTIONS",
    "METHODS",
    "Assign",
    "Checked",
    "Equations",
    "Renderer",
    "Update",
    "Variable",
    "calls",
    "check",
    "evaluate",
    "event_driven",
    "names",
    "parse",
    "solve",
    "substitute",
    "unparse",
]
