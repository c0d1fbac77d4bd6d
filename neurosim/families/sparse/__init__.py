"""Memories of sparse binary codes: macs, what they are shown and what is read from them."""

from .dendrites import Dendrites
from .frames import Frames, SparseFrames, SpikeFrames
from .macs import Macs
from .mapping import Generalised, Hypotheses, Logistic, Ratchet, Simple
from .readout import ClassField
from .sequence import SequenceMemory

CURVES = (Generalised, Hypotheses, Logistic, Ratchet, Simple)
"""What the fields of a family may hold, for networks that are read from a file."""

__all__ = [
    "CURVES",
    "ClassField",
    "Dendrites",
    "Frames",
    "Generalised",
    "Hypotheses",
    "Logistic",
    "Macs",
    "Ratchet",
    "SequenceMemory",
    "Simple",
    "SparseFrames",
    "SpikeFrames",
]
