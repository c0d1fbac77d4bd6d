"""Equations: text -> checked expressions -> one-step updates."""

from . import trees
from .checking import Checked, check
from .driven import ELAPSED, event_driven
from .evaluator import evaluate
from .expressions import FUNCTIONS, calls, names, parse, substitute, unparse
from .renderer import Renderer
from .solvers import METHODS, solve
from .text import Assign, Equations, Variable
from .truth import StepRenderer, TypedRenderer
from .updates import Update

__all__ = [
    "ELAPSED",
    "FUNCTIONS",
    "METHODS",
    "Assign",
    "Checked",
    "Equations",
    "Renderer",
    "StepRenderer",
    "TypedRenderer",
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
    "trees",
    "unparse",
]
