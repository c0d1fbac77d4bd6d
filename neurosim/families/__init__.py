"""Families: what can be a part of a network, each text and operations."""

from .afferents import Afferents
from .astrocytes import GChI, LiRinzel, ModulatedLIF, NeuronAstrocyteMemory
from .channels import SquidAxon, WangBuzsaki
from .compartments import Compartments, Tree
from .correlated import CorrelatedPoisson, spikes_from_neo
from .currents import Current, GapJunction, Noise, Receptor, with_currents
from .discrete import KeyValueBottleneck, TreeLayer, TsetlinMachine
from .elm import ELM, neighbouring_synapses, random_synapses, spread_timescales
from .inputs import Poisson, SpikeGenerator
from .memories import (
    CapacityWarning,
    ContinuousHopfield,
    DenseHebbian,
    Examples,
    Hopfield,
    KrotovHopfield,
    RandomPatterns,
    corrupted,
    filled,
)
from .named import placed
from .neurons import Neurons
from .part import Part
from .patterns import ADEX_PATTERNS, adex_pattern
from .slow import DUE
from .sparse import ClassField, Dendrites, Frames, Macs, SequenceMemory, SparseFrames, SpikeFrames
from .spiking import LIF, AdEx, HodgkinHuxley, Izhikevich
from .stepwise import StepNeurons
from .thresholds import GIF, AdaptiveLIF
from .timed import TimedArray, current_steps
from .timescales import LEAKS, LeakyRNN

FAMILIES = {
    family.__name__: family
    for family in (
        LeakyRNN, ModulatedLIF,
        ELM, Afferents, Dendrites, SequenceMemory, NeuronAstrocyteMemory, ClassField, Frames, Macs, SparseFrames,
        SpikeFrames, ContinuousHopfield, DenseHebbian, Hopfield, KrotovHopfield, GIF, LIF, AdEx, AdaptiveLIF, GChI,
        Compartments, CorrelatedPoisson, HodgkinHuxley, Izhikevich, KeyValueBottleneck, LiRinzel, Neurons, Poisson,
        SpikeGenerator, SquidAxon, StepNeurons, TreeLayer, TsetlinMachine, WangBuzsaki,
    )
}
"""Every family by name, for networks that are read from a file."""

__all__ = [
    "ADEX_PATTERNS",
    "ELM",
    "Afferents",
    "LEAKS",
    "LeakyRNN",
    "neighbouring_synapses",
    "random_synapses",
    "spread_timescales",
    "SparseFrames", "SpikeFrames",
    "Macs",
    "Frames",
    "ClassField",
    "Dendrites",
    "SequenceMemory",
    "DUE",
    "FAMILIES",
    "GIF",
    "LIF",
    "AdEx",
    "AdaptiveLIF",
    "CapacityWarning",
    "Compartments",
    "ContinuousHopfield",
    "CorrelatedPoisson",
    "Current",
    "DenseHebbian",
    "Examples",
    "GChI",
    "GapJunction",
    "HodgkinHuxley",
    "Hopfield",
    "Izhikevich",
    "KeyValueBottleneck",
    "KrotovHopfield",
    "LiRinzel",
    "ModulatedLIF",
    "NeuronAstrocyteMemory",
    "Neurons",
    "Noise",
    "Part",
    "Poisson",
    "RandomPatterns",
    "Receptor",
    "SpikeGenerator",
    "SquidAxon",
    "StepNeurons",
    "TimedArray",
    "Tree",
    "TreeLayer",
    "TsetlinMachine",
    "WangBuzsaki",
    "corrupted",
    "adex_pattern",
    "current_steps",
    "filled",
    "placed",
    "spikes_from_neo",
    "with_currents",
]
