r"""Slopes that stand in for that of the step function ``H(z)`` when gradients run backwards.

Each is a text of ``z``, how far a neuron is above its threshold, and of numbers with defaults.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..equations import evaluate, names, parse, substitute, trees
from ..errors import DescriptionError, EquationError, listing, nearest


@dataclass(frozen=True)
class Surrogate:
    """A slope.

    Parameters
    ----------
    text
        The slope as an expression of ``z`` and its numbers.
    numbers
        Defaults of the numbers.
    source
        Where it was published.
    """

    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    source: str = ""


SURROGATES: Mapping[str, Surrogate] = {
    "fast_sigmoid": Surrogate("1/(1 + slope*abs(z))**2", {"slope": 25.0}, "Zenke & Ganguli 2018"),
    "superspike": Surrogate("1/(1 + slope*abs(z))**2", {"slope": 100.0}, "Zenke & Ganguli 2018"),
    "arctan": Surrogate("alpha/2/(1 + (pi/2*alpha*z)**2)", {"alpha": 2.0}, "Fang et al. 2021"),
    "sigmoid": Surrogate("slope*exp(-slope*abs(z))/(1 + exp(-slope*abs(z)))**2", {"slope": 25.0},
                         "Zenke & Vogels 2021"),
    "triangular": Surrogate("gamma*max(0, 1 - abs(z)/width)", {"gamma": 0.3, "width": 1.0}, "Bellec et al. 2018"),
    "gaussian": Surrogate("exp(-z**2/(2*sigma**2))/(sigma*2.5066282746310002)", {"sigma": 0.5}, "Yin et al. 2021"),
    "straight_through": Surrogate("1", {}, "Bengio et al. 2013"),
    "heaviside": Surrogate("1 if z > 0 else 0", {}, "snnTorch"),
    "spike_rate_escape": Surrogate("slope*exp(-beta*abs(z - 1))", {"beta": 1.0, "slope": 25.0}, "snnTorch"),
    "sparse_fast_sigmoid": Surrogate("1/(1 + slope*abs(z))**2 if z > bound else 0", {"slope": 25.0, "bound": 1.0},
                                     "snnTorch"),
    "leaky_spike": Surrogate("1 if z > 0 else slope", {"slope": 0.1}, "snnTorch's leaky spike operator"),
}
"""By name. A description may say ``fast_sigmoid(slope=10)``, or give a text of ``z`` of its own."""

PROBED = np.linspace(-10.0, 10.0, 401)
"""Distances from the threshold at which a slope must not be 0 everywhere."""

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*$")


def slope(surrogate: str, z: ast.expr) -> ast.expr:
    """The slope at the tree ``z``."""
    return substitute(surrogate_tree(surrogate), {"z": z})


def surrogate_tree(surrogate: str) -> ast.expr:
    """The tree of a surrogate in ``z``, its numbers filled in.

    Parameters
    ----------
    surrogate
        ``"arctan"``, ``"arctan(alpha=3)"``, or a text such as ``"1/(1 + abs(z))"``.

    Raises
    ------
    DescriptionError
        When the name or a number is unknown, or the slope is zero everywhere.
    """
    found = _CALL.match(surrogate)
    if found and found[1] in SURROGATES:
        known = SURROGATES[found[1]]
        numbers = {**known.numbers, **_numbers(found[1], found[2] or "", known)}
        tree = substitute(parse(known.text), {k: trees.number(v) for k, v in numbers.items()})
    elif found and not names(parse(surrogate)) & {"z"} and found[1] != "z":
        raise DescriptionError(
            f"surrogate must be a text of z or one of {listing(SURROGATES)}, got {surrogate!r}"
            f"{nearest(found[1], SURROGATES)}"
        )
    else:
        tree = _own_text(surrogate)
    if not np.any(evaluate(tree, {"z": PROBED, "pi": np.pi})):
        raise DescriptionError(f"surrogate must have a slope, got {surrogate!r}, which is 0 everywhere")
    return tree


def _own_text(surrogate: str) -> ast.expr:
    tree = parse(surrogate, "surrogate")
    unknown = names(tree) - {"z", "pi", "inf"}
    if unknown:
        raise DescriptionError(f"surrogate may name z alone, got {sorted(unknown)[0]!r} in {surrogate!r}")
    return tree


def _numbers(name: str, text: str, known: Surrogate) -> dict[str, float]:
    """The numbers in brackets behind a name."""
    given: dict[str, float] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, _, value = part.partition("=")
        if key.strip() not in known.numbers:
            raise DescriptionError(f"surrogate {name} has no number {key.strip()!r}; it has: {listing(known.numbers)}")
        try:
            number = trees.value_of(parse(value))
        except EquationError:
            number = None
        if number is None or not number > 0:
            raise DescriptionError(f"surrogate {name}: {key.strip()} must be a number > 0, got {value.strip()!r}")
        given[key.strip()] = number
    return given
