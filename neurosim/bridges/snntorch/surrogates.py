"""snnTorch's surrogates as texts."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

TEXTS: Mapping[str, str] = {
    "atan": "arctan(alpha={alpha!r})",
    "fast_sigmoid": "fast_sigmoid(slope={slope!r})",
    "sigmoid": "sigmoid(slope={slope!r})",
    "straight_through_estimator": "straight_through",
    "heaviside": "heaviside",
    "spike_rate_escape": "spike_rate_escape(beta={beta!r}, slope={slope!r})",
    "SFS": "sparse_fast_sigmoid(slope={slope!r}, bound={B!r})",
    # a sign, not a triangle, and that way round; 'triangular' of neurosim.gradients is a triangle
    "triangular": "{threshold!r} if z < 0 else -{threshold!r}",
    # snnTorch 1.0 calls another operator here, which fails; this is the one that its documentation describes
    "LSO": "leaky_spike(slope={slope!r})",
}


def surrogate_text(function: Callable[..., Any] | None) -> str | None:
    """The text of a surrogate of ``snntorch.surrogate``, None for one that has none (drawn or of the user's own).

    snnTorch gives functions made inside others; their numbers are what those closed over.
    """
    if function is None:
        return "arctan(alpha=2.0)"
    name = getattr(function, "__qualname__", "").partition(".")[0]
    if getattr(function, "__module__", "") != "snntorch.surrogate" or name not in TEXTS:
        return None
    numbers = {k: float(v) for k, v in inspect.getclosurevars(function).nonlocals.items() if isinstance(v, int | float)}
    try:
        return TEXTS[name].format(**numbers)
    except KeyError:
        return None
