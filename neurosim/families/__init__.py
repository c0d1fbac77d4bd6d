"""Families: what can be a part of a network, each text and operations."""

from .afferents import Afferents
from .astrocytes import GChI, LiRinzel, ModulatedLIF, NeuronAstrocyteMemory, Postnov, ReleaseSites, Ullah
from .channels import SquidAxon, WangBuzsaki
from .compartments import Compartments, Tree
from .correlated import CorrelatedPoisson, spikes_from_neo
from .currents import Current, GapJunction, Noise, Receptor, with_currents
from .discrete import KeyValueBottleneck, TreeLayer, TsetlinMachine
from .elm import ELM, neighbouring_synapses, random_synapses, spread_timescales
from .generalised import GLIF, glif
from .hippo import delay_readout, discretised, legs, legt
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
from .rates import ACTIVATIONS, RateUnits
from .slow import DUE
from .sparse import ClassField, Dendrites, Frames, Macs, SequenceMemory, SparseFrames, SpikeFrames
from .spiking import LIF, AdEx, HodgkinHuxley, Izhikevich
from .state_space import LSSL
from .stepwise import StepNeurons
from .thresholds import GIF, AdaptiveLIF
from .timed import TimedArray, current_steps
from .timescales import LEAKS, LeakyRNN

FAMILIES = {
    family.__name__: family
    for family in (
        GLIF, LSSL, LeakyRNN, ModulatedLIF, RateUnits,
        ELM, Afferents, Dendrites, SequenceMemory, NeuronAstrocyteMemory, ClassField, Frames, Macs, SparseFrames,
        SpikeFrames, ContinuousHopfield, DenseHebbian, Hopfield, KrotovHopfield, GIF, LIF, AdEx, AdaptiveLIF, GChI,
        Compartments, CorrelatedPoisson, HodgkinHuxley, Izhikevich, KeyValueBottleneck, LiRinzel, Neurons, Poisson,
        Postnov, ReleaseSites, SpikeGenerator, SquidAxon, StepNeurons, TreeLayer, TsetlinMachine, Ullah, WangBuzsaki,
    )
}
"""Every family by name, for networks that are read from a file."""

__all__ = [
    "ACTIVATIONS",
    "ADEX_PATTERNS",
    "ELM",
    "Afferents",
    "LEAKS",
    "LSSL",
    "LeakyRNN",
    "delay_readout",
    "discretised",
    "legs",
    "legt",
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
    "GLIF",
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
    "Postnov",
    "RandomPatterns",
    "RateUnits",
    "Receptor",
    "ReleaseSites",
    "SpikeGenerator",
    "SquidAxon",
    "StepNeurons",
    "TimedArray",
    "Tree",
    "TreeLayer",
    "TsetlinMachine",
    "Ullah",
    "WangBuzsaki",
    "corrupted",
    "adex_pattern",
    "current_steps",
    "filled",
    "glif",
    "placed",
    "spikes_from_neo",
    "with_currents",
]
