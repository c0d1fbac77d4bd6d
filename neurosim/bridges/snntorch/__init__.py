"""snnTorch's neurons over whole sequences at once, and its networks in the simulator, with the same numbers."""

from .converting import from_snntorch, spikes_by_step
from .converting_back import to_snntorch
from .neurons import Alpha, Lapicque, Leaky, RLeaky, RSynaptic, Synaptic

__all__ = [
    "Alpha",
    "Lapicque",
    "Leaky",
    "RLeaky",
    "RSynaptic",
    "Synaptic",
    "from_snntorch",
    "spikes_by_step",
    "to_snntorch",
]
