"""Dimensions with unknowns in them, and the equations that settle the unknowns.

The dimension of ``R*I`` with an undeclared ``R`` is pA times an unknown power product. Each sum,
comparison and assignment says that two such products are equal; taking logarithms, that is a linear
equation over the rationals, solved by elimination as the equations come in (Kennedy 1996).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ..units import DIMENSIONLESS, Dimension


@dataclass(frozen=True)
class Form:
    """A known dimension times rational powers of unknown ones.

    Parameters
    ----------
    known
        The known factor.
    unknown
        Exponent of each unknown, never zero.
    """

    known: Dimension = DIMENSIONLESS
    unknown: Mapping[str, Fraction] = field(default_factory=dict)

    def __mul__(self, other: "Form") -> "Form":
        return self._combined(other, Fraction(1))

    def __truediv__(self, other: "Form") -> "Form":
        return self._combined(other, Fraction(-1))

    def __pow__(self, power: Fraction) -> "Form":
        return Form(self.known**power, {name: e * power for name, e in self.unknown.items() if power})

    def _combined(self, other: "Form", sign: Fraction) -> "Form":
        exponents = dict(self.unknown)
        for name, exponent in other.unknown.items():
            exponents[name] = exponents.get(name, Fraction(0)) + sign * exponent
        return Form(self.known * other.known**sign, {name: e for name, e in exponents.items() if e})


PURE = Form()


class Unknowns:
    """The unknown dimensions of one description, and what is settled about them so far."""

    def __init__(self) -> None:
        self._settled: dict[str, Form] = {}
        self._count = 0

    def fresh(self) -> Form:
        """A new unknown, for a bare number that takes the unit of its neighbours."""
        self._count += 1
        return self.named(f"#{self._count}")

    def named(self, name: str) -> Form:
        """The unknown dimension of a name."""
        return Form(DIMENSIONLESS, {name: Fraction(1)})

    def resolve(self, form: Form) -> Form:
        """The form with everything settled put in."""
        # one at a time: what one brings in may cancel another
        while name := next((name for name in form.unknown if name in self._settled), None):
            power = form.unknown[name]
            form = form / self.named(name) ** power * self._settled[name] ** power
        return form

    def equate(self, left: Form, right: Form) -> bool:
        """Settle an unknown so that both sides agree; False when they cannot."""
        ratio = self.resolve(left / right)
        if not ratio.unknown:
            return ratio.known == DIMENSIONLESS
        # settle the numbers first, so that names stay open for what else is said about them
        name = min(ratio.unknown, key=lambda n: (not n.startswith("#"), n))
        power = ratio.unknown[name]
        self._settled[name] = (ratio / self.named(name) ** power) ** (-1 / power)
        return True

    def dimension(self, form: Form) -> Dimension:
        """The dimension of a form, with what is still unknown taken as dimensionless."""
        return self.resolve(form).known

    def settle(self) -> None:
        """Take each bare number that is still open as dimensionless, which may settle names beside it."""
        for number in range(1, self._count + 1):
            form = self.resolve(self.named(f"#{number}"))
            if form.unknown:
                self.equate(form, PURE)
