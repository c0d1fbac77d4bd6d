"""Physical dimensions, units, and the door through which quantities come in.

Inside neurosim every value is a plain float in one coherent system: mV, ms, pA, and what follows from
them (pF, nS, GΩ), µm for length and µM for concentration. A formula that holds in SI units therefore holds
unchanged for these numbers. The one unit shown to people that is not coherent is Hz, kept as 1/ms.
"""

import ast
import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .errors import UnitError, nearest

BASES = ("kg", "m", "s", "A", "K", "mol", "cd")
_PINT_BASES = dict(
    zip(
        ("[mass]", "[length]", "[time]", "[current]", "[temperature]", "[substance]", "[luminosity]"),
        BASES,
        strict=True,
    )
)
_BRIAN_BASES = ("m", "kg", "s", "A", "K", "mol", "cd")
# powers of ten of our base units in SI: with µm, ms, pA, mV and µM fixed, mass and amount follow
_SCALE = {"kg": -12, "m": -6, "s": -3, "A": -12, "K": 0, "mol": -21, "cd": 0}


@dataclass(frozen=True)
class Dimension:
    """Exponents over the seven SI base dimensions, in the order of ``BASES``.

    Parameters
    ----------
    exponents
        Seven rational numbers, e.g. (1, 2, -3, -1, 0, 0, 0) for a voltage.
    """

    exponents: tuple[Fraction, ...] = (Fraction(0),) * 7

    def __mul__(self, other: "Dimension") -> "Dimension":
        return Dimension(tuple(map(operator.add, self.exponents, other.exponents)))

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return Dimension(tuple(map(operator.sub, self.exponents, other.exponents)))

    def __pow__(self, power: int | Fraction) -> "Dimension":
        return Dimension(tuple(e * Fraction(power) for e in self.exponents))

    def __repr__(self) -> str:
        inner = ", ".join(f"{base}={e}" for base, e in zip(BASES, self.exponents, strict=True) if e)
        return f"dimension({inner})"

    def __str__(self) -> str:
        return display_unit(self).name


def dimension(**exponents: int | Fraction) -> Dimension:
    """A dimension from the exponents that are not zero: ``dimension(m=1, s=-1)`` is a speed."""
    return Dimension(tuple(Fraction(exponents.get(base, 0)) for base in BASES))


DIMENSIONLESS = dimension()
TIME = dimension(s=1)
FREQUENCY = dimension(s=-1)
LENGTH = dimension(m=1)
CURRENT = dimension(A=1)
VOLTAGE = dimension(kg=1, m=2, s=-3, A=-1)
CHARGE = CURRENT * TIME
CONDUCTANCE = CURRENT / VOLTAGE
RESISTANCE = VOLTAGE / CURRENT
CAPACITANCE = CHARGE / VOLTAGE
CONCENTRATION = dimension(mol=1, m=-3)


@dataclass(frozen=True)
class Unit:
    """A unit: its name, its dimension, and how many internal units one of it is (``volt``: 1000)."""

    name: str
    dimension: Dimension
    factor: float

    def __str__(self) -> str:
        return self.name


_Measure = tuple[Dimension, Fraction]  # a dimension and the factor to internal units, exact where it can be
_PREFIXES = {"f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1, "": 0, "k": 3, "M": 6, "G": 9}
_LONG = {
    "meter": (LENGTH, 0), "metre": (LENGTH, 0), "second": (TIME, 0), "gram": (dimension(kg=1), -3),
    "amp": (CURRENT, 0), "ampere": (CURRENT, 0), "kelvin": (dimension(K=1), 0), "mole": (dimension(mol=1), 0),
    "volt": (VOLTAGE, 0), "siemens": (CONDUCTANCE, 0), "ohm": (RESISTANCE, 0), "farad": (CAPACITANCE, 0),
    "coulomb": (CHARGE, 0), "hertz": (FREQUENCY, 0), "molar": (CONCENTRATION, 3),
    "joule": (VOLTAGE * CHARGE, 0), "watt": (VOLTAGE * CURRENT, 0),
}  # fmt: skip
_SHORT = {
    "V": (VOLTAGE, 0), "s": (TIME, 0), "A": (CURRENT, 0), "S": (CONDUCTANCE, 0), "F": (CAPACITANCE, 0),
    "Ohm": (RESISTANCE, 0), "Hz": (FREQUENCY, 0), "M": (CONCENTRATION, 3), "C": (CHARGE, 0),
    "m": (LENGTH, 0), "mol": (dimension(mol=1), 0), "g": (dimension(kg=1), -3),
}  # fmt: skip


def _from_si(dim: Dimension) -> Fraction:
    power = sum((e * _SCALE[base] for base, e in zip(BASES, dim.exponents, strict=True)), Fraction(0))
    if power.denominator == 1:
        return Fraction(10) ** -power.numerator
    return Fraction(10.0 ** -float(power))


def _table() -> dict[str, _Measure]:
    table: dict[str, _Measure] = {}
    for names in (_SHORT, _LONG):  # the long ones last: they win where both spell a name
        for name, (dim, power) in names.items():
            for prefix, exponent in _PREFIXES.items():
                if exponent in (-1, -2) and dim != LENGTH:
                    continue  # only metres come in tenths and hundredths
                table[prefix + name] = (dim, Fraction(10) ** (power + exponent) * _from_si(dim))
    table["K"] = (dimension(K=1), Fraction(1))
    return table


_TABLE = _table()
_USUAL = (
    *(
        "uV",
        "mV",
        "fA",
        "pA",
        "nA",
        "uA",
        "mA",
        "fF",
        "pF",
        "nF",
        "uF",
        "pS",
        "nS",
        "uS",
        "mS",
        "fC",
        "pC",
        "nC",
    ),
    *("kOhm", "MOhm", "GOhm", "us", "ms", "Hz", "kHz", "MHz", "um", "mm", "cm", "nM", "uM", "mM"),
)


@functools.cache
def unit_names() -> frozenset[str]:
    """The unit names an expression may use: long ones and usual short ones; ``A`` and ``ks`` stay free."""
    long = {prefix + name for name in _LONG for prefix in _PREFIXES}
    return frozenset(_USUAL) | (long & _TABLE.keys())


def unit_named(name: str) -> Unit | None:
    """The unit an expression means by ``name``, or None when the name is free for other things."""
    return parse_unit(name) if _ascii(name) in unit_names() else None


@functools.lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """The unit that ``text`` names: ``"mV"``, ``"1"``, ``"siemens/meter**2"``, ``"pA*ms"``, ``"µM"``.

    Raises
    ------
    UnitError
        When the text is no product of powers of known units.
    """
    plain = _ascii(text).strip()
    try:
        tree = ast.parse(plain.replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnitError(f"{text!r} is not a unit; write it as in mV, 1, nS/ms or siemens/meter**2") from None
    dim, factor = _measure(tree, text, depth=0)
    return Unit(text.strip(), dim, float(factor))


def _ascii(text: str) -> str:
    for fancy, letter in (("µ", "u"), ("μ", "u"), ("Ω", "ohm"), ("Ω", "ohm"), ("²", "**2"), ("·", "*")):
        text = text.replace(fancy, letter)
    return text


def _measure(node: ast.expr, text: str, depth: int) -> _Measure:
    if depth > 50:
        raise UnitError(f"the unit {text!r} is nested too deeply")
    match node:
        case ast.Name(id=name):
            return _TABLE[name] if name in _TABLE else _ask_pint(name, text)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and value > 0:
            return DIMENSIONLESS, Fraction(value)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            (d1, f1), (d2, f2) = _measure(left, text, depth + 1), _measure(right, text, depth + 1)
            return (d1 * d2, f1 * f2) if isinstance(op, ast.Mult) else (d1 / d2, f1 / f2)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            dim, factor = _measure(left, text, depth + 1)
            power = literal(right)
            if power is None or abs(power) > 100:
                raise UnitError(f"the unit {text!r} has an exponent that is not a small number")
            exact = factor**power
            return dim**power, exact if isinstance(exact, Fraction) else Fraction(exact)
    raise UnitError(f"{text!r} is not a unit; write it as in mV, 1, nS/ms or siemens/meter**2")


def literal(node: ast.expr) -> Fraction | None:
    """The exact value of an expression of plain numbers with + - * /, else None; powers are not computed."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Fraction(str(value)) if np.isfinite(value) else None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=inner):
            exact = literal(inner)
            return exact if exact is None or isinstance(op, ast.UAdd) else -exact
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            a, b = literal(left), literal(right)
            if a is None or b is None or (isinstance(op, ast.Div) and b == 0):
                return None
            return Fraction(_ARITHMETIC[type(op)](a, b))
    return None


_ARITHMETIC: Mapping[type[ast.operator], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@functools.cache
def _pint() -> Any:
    import pint  # here, not above: building its registry costs half a second of start-up

    return pint.UnitRegistry()


def _ask_pint(name: str, text: str) -> _Measure:
    try:
        quantity = _pint().Quantity(1.0, name)
        si = quantity.to_base_units()
        zero = _pint().Quantity(0.0, name).to_base_units().magnitude
    except Exception:  # pint raises many kinds, of its own and of the tokenizer
        of = "" if name == text.strip() else f" in {text!r}"
        raise UnitError(f"unknown unit {name!r}{of}{_hint(name)}") from None
    if zero != 0:
        raise UnitError(f"the unit {name!r} has an offset; use one that is a plain multiple, such as kelvin")
    dim = _pint_dimension(quantity)
    return dim, Fraction(str(si.magnitude)) * _from_si(dim)


def _hint(name: str) -> str:
    same = [known for known in _TABLE if known.lower() == name.lower()]
    return nearest(same[0], same) if same else nearest(name, _TABLE)


def _pint_dimension(quantity: Any) -> Dimension:
    exponents = {_PINT_BASES.get(key, key): power for key, power in quantity.dimensionality.items()}
    if set(exponents) - set(BASES):
        raise UnitError(f"the unit {quantity.units} is not made of SI units")
    return dimension(**{base: Fraction(str(power)) for base, power in exponents.items()})


_NAMED = {
    VOLTAGE: "mV", TIME: "ms", CURRENT: "pA", CONDUCTANCE: "nS", CAPACITANCE: "pF", RESISTANCE: "GΩ",
    CONCENTRATION: "µM", LENGTH: "µm",
}  # fmt: skip
_HALVES = [Fraction(n, 2) for n in (2, -2, 1, -1, 4, -4)]


@functools.cache
def display_unit(dim: Dimension) -> Unit:
    """The unit in which numbers of a dimension are shown and plain numbers are taken: mV, ms, pA, Hz, ...

    Hz is the only one whose factor is not 1 (0.001, for internally it is 1/ms).
    """
    if dim == DIMENSIONLESS:
        return Unit("1", dim, 1.0)
    if dim == FREQUENCY:
        return Unit("Hz", dim, 1e-3)
    return Unit(coherent_name(dim), dim, 1.0)


@functools.cache
def coherent_name(dim: Dimension) -> str:
    """The shortest name of the internal unit of ``dim`` that ``parse_unit`` reads, as in ``"nS/ms"``."""
    if dim == DIMENSIONLESS:
        return "1"
    found: list[tuple[Fraction, int, dict[str, Fraction]]] = []
    for rank, (base, name) in enumerate(_NAMED.items()):
        for power in _HALVES:
            rest = dim / base**power
            m, s = rest.exponents[1], rest.exponents[2]
            if rest == dimension(m=m, s=s):
                powers = {name: power}
                for other, exponent in (("ms", s), ("µm", m)):
                    powers[other] = powers.get(other, Fraction(0)) + exponent
                cost = sum((abs(p) + (p < 0) * Fraction(1, 10) for p in powers.values()), Fraction(0))
                # many factors read worse than high powers
                found.append((cost + len([p for p in powers.values() if p]), rank, powers))
    powers = min(found, key=lambda entry: entry[:2])[2] if found else _basis(dim)
    above = "*".join(_power(name, p) for name, p in powers.items() if p > 0)
    below = "".join("/" + _power(name, -p) for name, p in powers.items() if p < 0)
    return (above or "1") + below


def _basis(dim: Dimension) -> dict[str, Fraction]:
    """Any dimension as powers of mV, ms, pA, µm, µM, kelvin and candela: always possible, never short."""
    kg, _, _, _, kelvin, mol, candela = dim.exponents
    rest = dim / VOLTAGE**kg / CONCENTRATION**mol
    powers = {"mV": kg, "µM": mol, "pA": rest.exponents[3], "ms": rest.exponents[2], "µm": rest.exponents[1]}
    return powers | {"kelvin": kelvin, "candela": candela}


def _power(name: str, power: Fraction) -> str:
    if power == 1:
        return name
    return f"{name}**{power}" if power.denominator == 1 else f"{name}**({power})"


def to_internal(value: Any, dim: Dimension, where: str) -> Any:
    """A number, array, pint quantity or Brian 2 quantity as internal float or float64 array.

    Parameters
    ----------
    value
        Plain numbers and arrays are taken in ``display_unit(dim)``; quantities are converted.
    dim
        The dimension that is expected.
    where
        What is being set, for the error message: ``"Neurons.tau_m"``.

    Raises
    ------
    UnitError
        When the value has another dimension, or is no number at all.
    """
    if hasattr(value, "to_base_units") and hasattr(value, "dimensionality"):
        given = _pint_dimension(value)
        _agree(value, dim, given, where)
        unit = _ascii(coherent_name(dim)) if dim != DIMENSIONLESS else ""
        return _scaled(value.to(unit).magnitude, 1.0, where)
    if callable(getattr(getattr(value, "dim", None), "get_dimension", None)):
        given = _brian_dimension(value)
        _agree(value, dim, given, where)
        return _scaled(np.asarray(value, dtype=np.float64), float(_from_si(dim)), where)
    return _scaled(value, display_unit(dim).factor, where)


def _brian_dimension(value: Any) -> Dimension:
    exponents = {base: value.dim.get_dimension(base) for base in _BRIAN_BASES}
    return dimension(**{base: Fraction(e).limit_denominator(1000) for base, e in exponents.items()})


def _agree(value: Any, expected: Dimension, given: Dimension, where: str) -> None:
    if given != expected:
        raise UnitError(f"{where} must be in {expected}, got {value!s:.80} (which is in {given})")


def _scaled(value: Any, factor: float, where: str) -> Any:
    try:
        numbers = np.asarray(value)
        if numbers.dtype.kind not in "biuf":
            raise TypeError
        numbers = numbers.astype(np.float64)
    except (TypeError, ValueError):
        raise UnitError(f"{where} must be a number, an array or a quantity, got {value!r:.80}") from None
    # dividing by an exact power of ten keeps 50 Hz at 0.05, where multiplying by 0.001 may be one bit off
    result = numbers * factor if factor >= 1 else numbers / round(1 / factor)
    return float(result) if result.ndim == 0 else result
