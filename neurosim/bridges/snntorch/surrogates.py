"""snnTorch's surrogates as texts."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import snntorch
from snntorch import surrogate

TEXTS: Mapping[str, str] = {
    "atan": "arctan(alpha={alpha!r})",
    "fast_sigmoid": "fast_sigmoid(slope={slope!r})",
    "sigmoid": "sigmoid(slope={slope!r})",
    "straight_through_estimator": "straight_through",
    "heaviside": "heaviside",
    "spike_rate_escape": "spike_rate_escape(beta={beta!r}, slope={slope!r})",
    # in full, because its bound may be 0 or below
    "SFS": "1/(1 + {slope!r}*abs(z))**2 if z > {B!r} else 0",
    # a sign, not a triangle, and that way round; 'triangular' of neurosim.gradients is a triangle
    "triangular": "{threshold!r} if z < 0 else -{threshold!r}",
    # snnTorch 1.0 calls another operator here, which fails; this is the one that its documentation describes
    "LSO": "leaky_spike(slope={slope!r})",
}
DEFAULT = "arctan(alpha=2.0)"


class SurrogateCall(NamedTuple):
    """A surrogate of ``snntorch.surrogate`` as the name and the arguments that make it, which a pickle takes."""

    name: str
    arguments: dict[str, Any]

    def made(self) -> Callable[..., Any]:
        """The function."""
        found: Callable[..., Any] = getattr(surrogate, self.name)(**self.arguments)
        return found


def surrogate_call(function: Callable[..., Any] | None) -> SurrogateCall | None:
    """How snnTorch made a surrogate; None for one of the user's own.

    snnTorch gives functions made inside others; their numbers are what those closed over.
    """
    if getattr(function, "__module__", "") != surrogate.__name__ or not inspect.isfunction(function):
        return None
    name, _, inside = function.__qualname__.partition(".")
    arguments = dict(inspect.getclosurevars(function).nonlocals)
    if not inside or set(arguments) != set(inspect.signature(getattr(surrogate, name)).parameters):
        return None
    return SurrogateCall(name, arguments)


def surrogate_text(function: Callable[..., Any] | None) -> str | None:
    """The text of a surrogate of snnTorch, None for one that has none (drawn or of the user's own)."""
    if function is None or getattr(function, "__self__", None) is snntorch.LeakyParallel.ATan:
        return DEFAULT
    call = surrogate_call(function)
    if call is None or call.name not in TEXTS:
        return None
    return TEXTS[call.name].format(**{name: float(value) for name, value in call.arguments.items()})
