"""From checked equations to the text of one step: which solver, and why.

Noise is read in the sense of Stratonovich by every solver, so the choice of one never changes what an
equation means; where the noise does not depend on the state the two readings are the same.
"""

from collections.abc import Callable, Collection, Mapping

from ..errors import EquationError, listing, nearest
from . import runge_kutta as rk
from .checking import Checked
from .exact import exact, linear_entries
from .exponential import exponential_euler
from .expressions import names
from .systems import System, system
from .updates import Update

METHODS = ("exact", "exponential_euler", "euler", "rk2", "rk4", "heun", "euler_maruyama", "milstein")
_EXPLICIT: Mapping[str, Callable[[System, str], Update]] = {
    "exponential_euler": exponential_euler,
    "euler": rk.euler,
    "rk2": rk.rk2,
    "rk4": rk.rk4,
    "heun": rk.heun,
    "euler_maruyama": lambda whole, reason: rk.euler(whole, reason, "euler_maruyama"),
    "milstein": rk.milstein,
}


def solve(checked: Checked, method: str = "auto", *, constant: Collection[str] = ()) -> Update:
    """The update of one step.

    Parameters
    ----------
    checked
        Equations in internal units.
    method
        One of ``METHODS``, or ``auto``: exact for linear equations with constant coefficients; with
        noise euler_maruyama, or heun where the noise depends on the state; else exponential_euler where each
        equation is linear in its own variable; else euler.
    constant
        Parameters that nothing changes during a run, besides those flagged ``constant``.

    Raises
    ------
    EquationError
        When the method is unknown or does not suit the equations; the reason is named.
    """
    if method != "auto" and method not in METHODS:
        raise EquationError(
            f"no solver {method!r}{nearest(method, METHODS)}; there are: auto, {listing(METHODS)}"
        )
    whole = system(checked, constant)
    if not whole.equations:
        return Update("none", "there are no differential equations to advance", ())
    if method == "auto":
        method, reason = _choose(whole)
    else:
        problem = objection(whole, method)
        if problem:
            where = f"{checked.where}: " if checked.where else ""
            suited = [m for m in METHODS if not objection(whole, m)]
            raise EquationError(
                f"{where}{method} does not suit these equations: {problem}; suited are: {listing(suited)}"
            )
        reason = "asked for"
    if method == "exact":
        entries = linear_entries(whole)
        if isinstance(entries, str):  # not reached: objection() has asked
            raise EquationError(entries)
        return exact(whole, entries, reason)
    return _EXPLICIT[method](whole, reason)


def objection(whole: System, method: str) -> str:
    """Why a method does not suit, or an empty string."""
    if method == "exact":
        entries = linear_entries(whole)
        return "there is noise" if whole.noise else entries if isinstance(entries, str) else ""
    if whole.noise:
        if method in ("exponential_euler", "euler", "rk2", "rk4"):
            return "there is noise" + (
                "; euler_maruyama is Euler's method for noise" if method == "euler" else ""
            )
        return _noise_objection(whole, method)
    if method in ("euler_maruyama", "milstein"):
        return "there is no noise"
    if method == "exponential_euler":
        return _curved(whole)
    return ""


def _curved(whole: System) -> str:
    curved = [name for name in whole.equations if whole.affine_in(name) is None]
    return f"d{curved[0]}/dt is not linear in {curved[0]}" if curved else ""


def _noise_objection(whole: System, method: str) -> str:
    noisy: dict[str, frozenset[str]] = {}
    count: dict[str, int] = {}
    for name in whole.equations:
        parts = rk.noise_parts(whole, name)
        if parts is None:
            return f"noise in d{name}/dt is not a plain factor"
        if parts[1]:
            noisy[name] = (
                frozenset().union(*(names(factor) for factor in parts[1].values())) & whole.equations.keys()
            )
            count[name] = len(parts[1])
    if method == "euler_maruyama":
        dependent = [name for name, read in noisy.items() if read]
        return (
            f"the noise of {dependent[0]} depends on the state, which it would read as Itô does"
            if dependent
            else ""
        )
    if method == "milstein":
        for name, read in noisy.items():
            others = sorted((read & noisy.keys()) - {name})
            if others:
                return f"the noise of {name} depends on {others[0]}, which is noisy too"
            if count[name] > 1:
                return f"d{name}/dt has more than one noise term"
    return ""


def _choose(whole: System) -> tuple[str, str]:
    entries = linear_entries(whole)
    if whole.noise:
        for method, reason in (
            ("euler_maruyama", "noise that does not depend on the state"),
            ("heun", "noise that depends on the state, read as Stratonovich does"),
        ):
            if not objection(whole, method):
                return method, reason
        raise EquationError(f"{whole.where or 'equations'}: {_noise_objection(whole, 'heun')}")
    if not isinstance(entries, str):
        return "exact", "linear equations with constant coefficients"
    curved = _curved(whole)
    if not curved:
        return "exponential_euler", f"each equation is linear in its own variable; not exact: {entries}"
    return "euler", curved
