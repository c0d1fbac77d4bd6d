"""Astrocytes and the synapses that they are part of."""

from .gchi import GChI
from .li_rinzel import LiRinzel
from .memory import NeuronAstrocyteMemory
from .presets import PRESETS, astrocytes
from .space import grid, ring
from .synapses import GapJunctions, ModulatedRelease, SlowInwardCurrent
from .trainable import ModulatedLIF

__all__ = [
    "PRESETS",
    "GChI",
    "GapJunctions",
    "LiRinzel",
    "ModulatedLIF",
    "ModulatedRelease",
    "NeuronAstrocyteMemory",
    "SlowInwardCurrent",
    "astrocytes",
    "grid",
    "ring",
]
