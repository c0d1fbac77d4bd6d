"""Memories that fall into what they were taught: Hopfield's, dense Hebbian ones, and continuous modern ones."""

from .continuous import ContinuousHopfield
from .hebbian import DenseHebbian, Hopfield
from .krotov import KrotovHopfield
from .patterns import Examples, RandomPatterns, corrupted, filled
from .spins import CapacityWarning, SpinMemory

__all__ = [
    "CapacityWarning",
    "ContinuousHopfield",
    "DenseHebbian",
    "Examples",
    "Hopfield",
    "KrotovHopfield",
    "RandomPatterns",
    "SpinMemory",
    "corrupted",
    "filled",
]
