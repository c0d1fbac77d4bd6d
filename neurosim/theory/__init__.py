"""What the statistical mechanics of associative memories says: numbers to hold simulations against."""

from .continuous import (
    capacity_bound,
    effective_patterns,
    exponential_capacity,
    retrieval_error_bound,
    separations,
    well_separated,
)
from .dense import (
    Magnetisations,
    load,
    loaded,
    one_step_error,
    one_step_overlap,
    retrieval,
    retrieval_without_load,
    signal_to_noise,
    storage_limit,
)
from .multitasking import (
    Amplitudes,
    amplitudes,
    hierarchical_limit,
    hierarchy,
    level_crossing,
    mixed_of_three,
    parallel_dilution,
)

__all__ = [
    "Amplitudes",
    "Magnetisations",
    "amplitudes",
    "capacity_bound",
    "effective_patterns",
    "exponential_capacity",
    "hierarchical_limit",
    "hierarchy",
    "level_crossing",
    "load",
    "loaded",
    "mixed_of_three",
    "one_step_error",
    "one_step_overlap",
    "parallel_dilution",
    "retrieval",
    "retrieval_error_bound",
    "retrieval_without_load",
    "separations",
    "signal_to_noise",
    "storage_limit",
    "well_separated",
]
