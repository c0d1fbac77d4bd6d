"""Simulate and train brain-inspired systems from one written description of each."""

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ._lazy import LazyPackage
from ._version import __version__

if TYPE_CHECKING:
    from .catalog import Claim, Entry
    from .errors import NeurosimError
    from .families import (
        ELM,
        GIF,
        GLIF,
        LIF,
        LSSL,
        AdaptiveLIF,
        AdEx,
        Afferents,
        ClassField,
        Compartments,
        ContinuousHopfield,
        CorrelatedPoisson,
        Dendrites,
        DenseHebbian,
        Examples,
        Frames,
        GapJunction,
        GChI,
        HodgkinHuxley,
        Hopfield,
        Izhikevich,
        KeyValueBottleneck,
        KrotovHopfield,
        LeakyRNN,
        LiRinzel,
        Macs,
        ModulatedLIF,
        NeuronAstrocyteMemory,
        Neurons,
        Noise,
        Poisson,
        Postnov,
        RandomPatterns,
        RateUnits,
        Receptor,
        ReleaseSites,
        SequenceMemory,
        SparseFrames,
        SpikeFrames,
        SpikeGenerator,
        SquidAxon,
        StepNeurons,
        TimedArray,
        Tree,
        TreeLayer,
        TsetlinMachine,
        Ullah,
        WangBuzsaki,
        corrupted,
        current_steps,
        filled,
        spikes_from_neo,
        with_currents,
    )
    from .network import Network
    from .recording import Recording
    from .simulate import Simulation, simulate

# where each name is found when it is first asked for, so that importing neurosim stays light
_NAMES = {
    "catalog": ("Claim", "Entry",),
    "errors": ("NeurosimError",),
    "families": (
        "AdEx", "AdaptiveLIF", "Afferents", "ClassField", "Compartments", "ContinuousHopfield", "CorrelatedPoisson",
        "Dendrites", "DenseHebbian", "ELM", "Examples", "Frames", "GChI", "GIF", "GLIF", "GapJunction",
        "HodgkinHuxley", "Hopfield", "Izhikevich", "KeyValueBottleneck", "KrotovHopfield", "LIF", "LSSL", "LeakyRNN",
        "LiRinzel", "Macs", "ModulatedLIF", "NeuronAstrocyteMemory", "Neurons", "Noise", "Poisson", "Postnov",
        "RandomPatterns", "RateUnits", "Receptor", "ReleaseSites", "SequenceMemory", "SparseFrames", "SpikeFrames",
        "SpikeGenerator", "SquidAxon", "StepNeurons", "TimedArray", "Tree", "TreeLayer", "TsetlinMachine", "Ullah",
        "WangBuzsaki", "corrupted", "current_steps", "filled", "spikes_from_neo", "with_currents",
    ),
    "network": ("Network",),
    "recording": ("Recording",),
    "simulate": ("Simulation", "simulate",),
}
_PLACES = {name: place for place, names in _NAMES.items() for name in names}

__all__ = [
    "AdEx", "AdaptiveLIF", "Afferents", "Claim", "ClassField", "Compartments", "ContinuousHopfield",
    "CorrelatedPoisson", "Dendrites", "DenseHebbian", "ELM", "Entry", "Examples", "Frames", "GChI", "GIF", "GLIF",
    "GapJunction", "HodgkinHuxley", "Hopfield", "Izhikevich", "KeyValueBottleneck", "KrotovHopfield", "LIF", "LSSL",
    "LeakyRNN", "LiRinzel", "Macs", "ModulatedLIF", "Network", "NeuronAstrocyteMemory", "Neurons", "NeurosimError",
    "Noise", "Poisson", "Postnov", "RandomPatterns", "RateUnits", "Receptor", "Recording", "ReleaseSites",
    "SequenceMemory", "Simulation", "SparseFrames", "SpikeFrames", "SpikeGenerator", "SquidAxon", "StepNeurons",
    "TimedArray", "Tree", "TreeLayer", "TsetlinMachine", "Ullah", "WangBuzsaki", "__version__", "corrupted",
    "current_steps", "filled", "simulate", "spikes_from_neo", "with_currents",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'neurosim' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_PLACES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = LazyPackage
