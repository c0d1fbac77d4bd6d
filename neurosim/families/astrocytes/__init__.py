"""Astrocytes and the synapses that they are part of."""

from .gchi import GChI
from .li_rinzel import LiRinzel
from .memory import NeuronAstrocyteMemory
from .postnov import Postnov
from .presets import PRESETS, astrocytes
from .sites import ReleaseSites
from .space import grid, ring
from .synapses import GapJunctions, ModulatedRelease, SlowInwardCurrent
from .trainable import ModulatedLIF
from .ullah import Ullah

__all__ = [
    "PRESETS",
    "GChI",
    "GapJunctions",
    "LiRinzel",
    "ModulatedLIF",
    "ModulatedRelease",
    "NeuronAstrocyteMemory",
    "Postnov",
    "ReleaseSites",
    "SlowInwardCurrent",
    "Ullah",
    "astrocytes",
    "grid",
    "ring",
]
