"""Programs unrolled over sequences, and their adjoints."""

from .adjoint import Adjoint, adjoint
from .lowering import Reset, Unrolled, unrolled
from .running import NotBinary, Ran, ScanRunner, Storage, check_scan
from .scan import (
    Along,
    AlongOuter,
    Carry,
    Edges,
    Fold,
    Outer,
    Product,
    Scan,
    Step,
    Value,
    Winner,
    Work,
    added_by,
    made_by,
    read_by,
)
from .stages import Stage, stages
from .surrogates import SURROGATES, surrogate_tree
from .unrolling import Unrolling

__all__ = [
    "SURROGATES", "Adjoint", "Along", "AlongOuter", "Carry", "Edges", "Fold", "NotBinary", "Outer", "Product", "Ran",
    "Reset", "Scan", "ScanRunner", "Stage", "Step", "Storage", "Unrolled", "Unrolling", "Value", "Winner", "Work",
    "added_by", "adjoint", "check_scan", "made_by", "read_by", "stages", "surrogate_tree", "unrolled",
]
