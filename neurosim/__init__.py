"""Simulate and train brain-inspired systems from one written description of each."""

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ._lazy import LazyPackage
from ._version import __version__

if TYPE_CHECKING:
    from .errors import NeurosimError
    from .families import (
        LIF,
        AdEx,
        HodgkinHuxley,
        Izhikevich,
        Neurons,
        Poisson,
        SpikeGenerator,
        TimedArray,
        current_steps,
    )
    from .network import Network
    from .recording import Recording
    from .simulate import Simulation, simulate

# where each name is found when it is first asked for, so that importing neurosim stays light
_PLACES = {
    "LIF": "families", "AdEx": "families", "HodgkinHuxley": "families", "Izhikevich": "families",
    "Neurons": "families", "Poisson": "families", "SpikeGenerator": "families", "TimedArray": "families",
    "current_steps": "families", "Network": "network", "NeurosimError": "errors", "Recording": "recording",
    "Simulation": "simulate", "simulate": "simulate",
}

__all__ = [
    "LIF", "AdEx", "HodgkinHuxley", "Izhikevich", "Network", "Neurons", "NeurosimError", "Poisson",
    "Recording", "Simulation", "SpikeGenerator", "TimedArray", "__version__", "current_steps", "simulate",
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
