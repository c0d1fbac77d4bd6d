"""Families: what can be a part of a network, each text and operations."""

from .inputs import Poisson, SpikeGenerator
from .neurons import Neurons
from .part import Part
from .spiking import LIF, AdEx, HodgkinHuxley, Izhikevich
from .timed import TimedArray, current_steps

FAMILIES = {
    family.__name__: family
    for family in (AdEx, HodgkinHuxley, Izhikevich, LIF, Neurons, Poisson, SpikeGenerator)
}
"""Every family by name, for networks that are read from a file."""

__all__ = [
    "FAMILIES",
    "LIF",
    "AdEx",
    "HodgkinHuxley",
    "Izhikevich",
    "Neurons",
    "Part",
    "Poisson",
    "SpikeGenerator",
    "TimedArray",
    "current_steps",
]
