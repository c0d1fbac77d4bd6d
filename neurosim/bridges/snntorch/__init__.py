"""snnTorch's neurons over whole sequences at once, and its networks in the simulator, with the same numbers."""

from .converting import from_snntorch, spikes_by_step
from .converting_back import to_snntorch
from .fused import reset
from .gated import SLSTM, SConv2dLSTM
from .neurons import Alpha, DeltaLeaky, Lapicque, Leaky, RLeaky, RSynaptic, Synaptic
from .parallel import AssociativeLeaky, LeakyParallel, LinearLeaky, StateLeaky

__all__ = [
    "SLSTM",
    "Alpha",
    "AssociativeLeaky",
    "DeltaLeaky",
    "Lapicque",
    "Leaky",
    "LeakyParallel",
    "LinearLeaky",
    "RLeaky",
    "RSynaptic",
    "SConv2dLSTM",
    "StateLeaky",
    "Synaptic",
    "from_snntorch",
    "reset",
    "spikes_by_step",
    "to_snntorch",
]
