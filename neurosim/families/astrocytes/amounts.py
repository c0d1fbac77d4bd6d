"""Units in which calcium models are told: µM and seconds."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...units import DIMENSIONLESS, display_unit, parse_unit, to_internal

MICROMOLAR = "uM"
RATE_OF_CHANGE = "uM/second"
PER_SECOND = "1/second"
PER_MICROMOLAR_SECOND = "1/(uM*second)"
FRACTION = "1"


def take_amounts(owner: Any, units: Mapping[str, str]) -> None:
    """Make plain numbers of the fields of a frozen ``owner``, each in its unit; quantities are converted."""
    for name, unit in units.items():
        value, where = getattr(owner, name), f"{type(owner).__name__}.{name}"
        measure = parse_unit(unit)
        quantity = hasattr(value, "dimensionality") or hasattr(value, "dim")
        internal = np.asarray(to_internal(value, measure.dimension if quantity else DIMENSIONLESS, where))
        numbers = internal / measure.factor if quantity else internal
        object.__setattr__(owner, name, numbers if numbers.ndim else float(numbers))


def shown_amounts(owner: Any, units: Mapping[str, str]) -> dict[str, Any]:
    """The fields in the units in which equations take plain numbers."""
    measures = {name: parse_unit(unit) for name, unit in units.items()}
    # divided, because 0.09 / 1000 is 9e-5 and 0.09 * 0.001 is not
    return {n: getattr(owner, n) / (display_unit(m.dimension).factor / m.factor) for n, m in measures.items()}
