"""Tasks and data sets: trials drawn from a seed, and readers of recorded spikes. NumPy only."""

from .boolean import NoisyXor, thresholded
from .cells import CellRecordings, read_neuron_io
from .curricula import multi_head, single_head, sliding
from .events import EventSet, SpokenAdding, from_tonic, read_tonic
from .files import read_aedat3, read_atis, read_n_mnist, read_shd
from .geometry import Circle, LabelledClusters, alignment, parities
from .grammar import ReberGrammar, accepts
from .hubs import HubGraph, lagged_correlation
from .manifolds import RandomManifolds
from .memory import Adding, Copy, Delay, DelayedMatch, DelayedMatchToSample, Parity, matches, parity
from .patterns import PoissonPatterns, SpokenDigits
from .task import Range, Task, Trials
from .working_memory_spatial import SpatialCoordination, SpatialFreeRecall, SpatialIntegration
from .working_memory_updating import SpatialMemoryUpdating, SpatialTaskSwitching
from .working_memory_visual import (
    ChangeDetection,
    ComplexSpan,
    VisualItemRecognition,
    VisualSerialRecall,
    VisualSerialRecognition,
)

TASKS = {
    task.__name__: task
    for task in (
        Adding, ChangeDetection, Circle, ComplexSpan, Copy, Delay, DelayedMatch, DelayedMatchToSample,
        LabelledClusters, NoisyXor, Parity, PoissonPatterns, RandomManifolds, ReberGrammar, SpatialCoordination,
        SpatialFreeRecall, SpatialIntegration, SpatialMemoryUpdating, SpatialTaskSwitching, SpokenDigits,
        VisualItemRecognition, VisualSerialRecall, VisualSerialRecognition,
    )
}  # fmt: skip
"""Every task by name."""

__all__ = [
    "Adding",
    "ChangeDetection",
    "Circle",
    "ComplexSpan",
    "Copy",
    "Delay",
    "DelayedMatch",
    "DelayedMatchToSample",
    "LabelledClusters",
    "NoisyXor",
    "Parity",
    "PoissonPatterns",
    "RandomManifolds",
    "ReberGrammar",
    "SpatialCoordination",
    "SpatialFreeRecall",
    "SpatialIntegration",
    "SpatialMemoryUpdating",
    "SpatialTaskSwitching",
    "SpokenDigits",
    "VisualItemRecognition",
    "VisualSerialRecall",
    "VisualSerialRecognition",
    "TASKS",
    "CellRecordings",
    "EventSet",
    "HubGraph",
    "Range",
    "SpokenAdding",
    "Task",
    "Trials",
    "accepts",
    "alignment",
    "from_tonic",
    "lagged_correlation",
    "matches",
    "multi_head",
    "single_head",
    "sliding",
    "parities",
    "parity",
    "read_aedat3",
    "read_atis",
    "read_n_mnist",
    "read_neuron_io",
    "read_shd",
    "read_tonic",
    "thresholded",
]
