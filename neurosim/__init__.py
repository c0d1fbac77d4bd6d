"""Simulate and train brain-inspired systems from one written description of each."""

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ._lazy import LazyPackage
from ._version import __version__

if TYPE_CHECKING:
    from .errors import NeurosimError
    from .families import (
        GIF,
        LIF,
        AdaptiveLIF,
        AdEx,
        ClassField,
        Compartments,
        ContinuousHopfield,
        CorrelatedPoisson,
        Dendrites,
        DenseHebbian,
        Examples,
        Frames,
        GapJunction,
        HodgkinHuxley,
        Hopfield,
        Izhikevich,
        KrotovHopfield,
        Macs,
        Neurons,
        Noise,
        Poisson,
        RandomPatterns,
        Receptor,
        SequenceMemory,
        SparseFrames,
        SpikeFrames,
        SpikeGenerator,
        SquidAxon,
        TimedArray,
        Tree,
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
_PLACES = {
    "ContinuousHopfield": "families", "DenseHebbian": "families", "Examples": "families", "Hopfield": "families",
    "KrotovHopfield": "families", "RandomPatterns": "families", "corrupted": "families", "filled": "families",
    "GIF": "families", "AdaptiveLIF": "families", "Compartments": "families", "CorrelatedPoisson": "families",
    "GapJunction": "families", "Noise": "families", "Receptor": "families", "SquidAxon": "families",
    "Tree": "families", "WangBuzsaki": "families", "spikes_from_neo": "families", "with_currents": "families",
    "LIF": "families", "AdEx": "families", "HodgkinHuxley": "families", "Izhikevich": "families",
    "Neurons": "families", "Poisson": "families", "SpikeGenerator": "families", "TimedArray": "families",
    "current_steps": "families", "Network": "network", "NeurosimError": "errors", "Recording": "recording",
    "ClassField": "families", "Dendrites": "families", "Frames": "families", "Macs": "families",
    "SequenceMemory": "families", "SparseFrames": "families", "SpikeFrames": "families",
    "Simulation": "simulate", "simulate": "simulate",
}

__all__ = [
    "ClassField", "Dendrites", "Frames", "Macs", "SequenceMemory", "SparseFrames", "SpikeFrames",
    "GIF",
    "LIF",
    "AdEx",
    "AdaptiveLIF",
    "Compartments",
    "ContinuousHopfield",
    "CorrelatedPoisson",
    "DenseHebbian",
    "Examples",
    "GapJunction",
    "HodgkinHuxley",
    "Hopfield",
    "Izhikevich",
    "KrotovHopfield",
    "Network",
    "Neurons",
    "NeurosimError",
    "Noise",
    "Poisson",
    "RandomPatterns",
    "Receptor",
    "Recording",
    "Simulation",
    "SpikeGenerator",
    "SquidAxon",
    "TimedArray",
    "Tree",
    "WangBuzsaki",
    "__version__",
    "corrupted",
    "current_steps",
    "filled",
    "simulate",
    "spikes_from_neo",
    "with_currents",
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
