"""Networks as plain data and as YAML."""

from collections.abc import Mapping
from typing import Any

from ..errors import DescriptionError
from ..families import FAMILIES, Examples, RandomPatterns, TimedArray, Tree
from ..families.plain import from_plain
from ..families.plasticity import STRUCTURES
from ..families.sparse import CURVES
from .join import DISTRIBUTIONS, RULES

SECTIONS = ("parts", "joins", "drives")


def sparse(shape: Any, rows: Any, columns: Any, data: Any) -> Any:
    """A sparse matrix from the lists that stand for it in a file."""
    from scipy.sparse import coo_array

    return coo_array((data, (rows, columns)), shape=tuple(shape))


KINDS: Mapping[str, Any] = {
    **{kind.__name__: kind for kind in (*CURVES, *RULES, *DISTRIBUTIONS, *STRUCTURES)},
    **{kind.__name__: kind for kind in (TimedArray, Tree, RandomPatterns, Examples)},
    "SparseMatrix": sparse,
}


def from_dict(cls: Any, data: Any) -> Any:
    """The network of class ``cls`` that ``data`` tells of."""
    if not isinstance(data, Mapping) or "parts" not in data:
        raise DescriptionError(f"a network is a mapping with 'parts', got {data!r:.60}")
    for section in data:
        if section not in SECTIONS:
            raise DescriptionError(f"a network has the sections {', '.join(SECTIONS)}, got {section!r}")
    network = cls()
    for name, part in data["parts"].items():
        network.add(name, from_plain(part, {**FAMILIES, **KINDS}, "family", f"part {name!r}"))
    for section, call in (("joins", network.connect), ("drives", network.drive)):
        for given in data.get(section) or ():
            entry = dict(given)
            values = entry.pop("values", {})
            where = f"{section[:-1]} {entry.get('name')!r}"
            arguments = {key: read(value, where) for key, value in {**entry, **values}.items()}
            try:
                call(**arguments)
            except TypeError as error:
                raise DescriptionError(f"{where}: {error}") from None
    return network


def read(value: Any, where: str) -> Any:
    """A plain value with the descriptions in it made anew."""
    if isinstance(value, Mapping):
        if "kind" in value:
            return from_plain(value, KINDS, "kind", where)
        return {key: read(item, where) for key, item in value.items()}
    return value


def to_yaml(data: Mapping[str, Any]) -> str:
    """Plain data as YAML; texts of several lines stay readable."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return yaml.dump(dict(data), Dumper=Dumper, sort_keys=False, allow_unicode=True)


def from_yaml(text: str) -> Any:
    """The plain data of a YAML text; only plain data is read."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DescriptionError(f"this is not YAML: {error}") from None
