"""Who may write to a variable: what a coupling sets anew at every step takes nothing else."""

from collections.abc import Iterable, Mapping

from ..errors import NetworkError
from ..families import Part
from ..families.timed import TimedArray
from .drive import Drive
from .join import CheckedJoin


def coupled(checked: CheckedJoin) -> tuple[str, str] | None:
    """The part and the variable that a join couples to; None where it does not."""
    body = checked.checked.statements.get("couple")
    return (checked.join.target, checked.sides[body[0].target][0]) if body else None


def check_writers(
    parts: Mapping[str, Part], joins: Iterable[CheckedJoin], drives: Iterable[tuple[Drive, Iterable[str]]]
) -> None:
    """Refuse what would be lost: additions to a variable that a coupling or a table sets at every step.

    Parameters
    ----------
    parts, joins
        Those of the network.
    drives
        Each with the variables that it adds to.

    Raises
    ------
    NetworkError
        Naming both writers. Several couplings onto one variable add up and are no conflict.
    """
    joins = list(joins)
    setters = {place: f"couple of join {checked.join.name!r}" for checked in joins if (place := coupled(checked))}
    tables = {(name, variable): "a TimedArray" for name, part in parts.items() for variable in tabled(part)}
    for place in setters.keys() & tables.keys():
        _refuse(setters[place], "sets", place, tables[place])
    setters |= tables
    for checked in joins:
        for text in ("on_pre", "on_post"):
            for assign in checked.checked.statements.get(text, ()):
                own, side = checked.sides.get(assign.target, ("", ""))
                place = checked.join.target, own
                if side == "target" and place in setters:
                    _refuse(f"{text} of join {checked.join.name!r}", "adds to", place, setters[place])
    for drive, variables in drives:
        for variable in variables:
            if (drive.part, variable) in setters:
                place = drive.part, variable
                _refuse(f"drive {drive.name!r}", "adds to", place, setters[place])


def tabled(part: Part) -> list[str]:
    """The variables of a part that a ``TimedArray`` plays."""
    parameters = getattr(part, "parameters", None)
    return [n for n, v in parameters.items() if isinstance(v, TimedArray)] if isinstance(parameters, Mapping) else []


def _refuse(writer: str, does: str, place: tuple[str, str], setter: str) -> None:
    part, variable = place
    raise NetworkError(
        f"{writer} {does} {variable!r} of {part!r}, which {setter} sets at every step; "
        f"give {part!r} a variable for each and add them up in its equations"
    )
