"""The shape of the code, read from its text: who imports whom, and how long things are."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES, FUNCTION_LINES, PUBLIC_METHODS = 400, 50, 10

PUBLIC = frozenset(
    {"neurosim", "analysis", "backends", "connectivity", "families", "network", "plots", "recording"}
    | {"learners", "simulate", "tasks", "theory", "units"}
)
"""Rooms whose names a user meets; ``neurosim`` is the package itself, as in ``from neurosim import LIF``."""

MAY_IMPORT: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "_version": frozenset(),
    "_lazy": frozenset(),
    "units": frozenset(),
    "recording": frozenset({"plots"}),
    "kernels": frozenset(),
    "connectivity": frozenset({"units", "kernels"}),
    "equations": frozenset({"units"}),
    "program": frozenset({"equations", "units", "kernels"}),
    "theory": frozenset(),
    "gradients": frozenset({"program", "equations", "units", "connectivity"}),
    "families": frozenset({"program", "equations", "connectivity", "units", "kernels", "theory"}),
    "backends": frozenset({"program", "gradients", "equations", "kernels"}),
    "training": frozenset({"gradients", "backends", "network", "program", "equations"}),
    "network": frozenset({"families", "connectivity", "program", "equations", "units"}),
    "simulate": frozenset({"network", "program", "backends", "recording", "units"}),
    "analysis": frozenset({"recording"}),
    "tasks": frozenset({"units", "kernels"}),
    "learners": frozenset({"families", "kernels"}),
    "plots": frozenset({"recording", "analysis"}),
    "bridges": PUBLIC | {"program", "equations", "gradients", "training"},
    "studies": PUBLIC,
    "catalog": PUBLIC | {"models"},
    "cli": PUBLIC | {"catalog", "models", "studies", "kernels"},
    "models": PUBLIC | {"catalog", "bridges"},
    "__main__": frozenset({"cli"}),
}
"""Who may import whom; besides these, each room may import itself, ``errors`` and ``_version``."""


class Module(NamedTuple):
    """One source file."""

    name: str
    """Dotted, as it is imported."""
    place: str
    """Its path in the checkout, for messages."""
    text: str
    package: bool
    """Whether it is an ``__init__.py``."""

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        return room_of(self.name)


def room_of(name: str) -> str:
    """``neurosim.backends.numba.emit`` lives in ``backends``; the package itself is its own room."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def modules() -> Iterator[Module]:
    """Every module of ``neurosim/`` and ``models/``."""
    for folder, prefix in ((ROOT / "neurosim", "neurosim"), (ROOT / "models", "neurosim.models")):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            package = parts[-1] == "__init__"
            name = ".".join([prefix, *(parts[:-1] if package else parts)])
            yield Module(name, str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), package)


def imports(module: Module) -> Iterator[tuple[int, str, str]]:
    """Line, absolute module and name of each import of ours; the name is empty for a plain import."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = [(absolute(module, node), alias.name) for alias in node.names]
        else:
            continue
        yield from ((node.lineno, *pair) for pair in found if pair[0].split(".")[0] in {"neurosim", "models"})


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """What ``from ..errors import x`` names, seen from ``module``."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    anchor = parts[: len(parts) - node.level + module.package]
    return ".".join([*anchor, *([node.module] if node.module else [])])


def rooms_imported(module: Module) -> Iterator[tuple[int, str]]:
    """Line and room of each import; ``from .. import units`` counts as ``units``."""
    for line, source, name in imports(module):
        if source == "neurosim" and name in MAY_IMPORT:
            yield line, name
        else:
            # the bare `models` is left as it is: no room has that right to a second name
            yield line, room_of(source) if source.startswith("neurosim") else f"bare {source}"


def arrows_back(module: Module) -> list[str]:
    """Imports that the table does not allow."""
    if module.name == "neurosim":
        return []
    if module.room not in MAY_IMPORT:
        return [f"{module.place}: the room {module.room!r} is not in the table of this test"]
    allowed = MAY_IMPORT[module.room] | {module.room, "errors", "_version", "_lazy"}
    return [
        f"{module.place}:{line}: {module.room} may not import {room}"
        for line, room in sorted(set(rooms_imported(module)))
        if room not in allowed
    ]


def private_names(module: Module) -> list[str]:
    """Names with a leading underscore, taken from another room."""
    return [
        f"{module.place}:{line}: {source}.{name} is private"
        for line, source, name in imports(module)
        if room_of(source) != module.room and name.startswith("_") and name not in {"_version", "__version__"}
    ]


def inside_of_backends(module: Module) -> list[str]:
    """Imports of a backend's own modules from above: those rooms ask the registry."""
    return [
        f"{module.place}:{line}: {module.room} may import neurosim.backends, not {source}"
        for line, source, _ in imports(module)
        if source.startswith("neurosim.backends.") and module.room != "backends"
    ]


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


def too_long(module: Module) -> list[str]:
    """What is longer than the style allows."""
    lines = module.text.count("\n")
    found = [f"{module.place}: {lines} lines, at most {MODULE_LINES}"] if lines > MODULE_LINES else []
    for function in functions(module):
        if length(function) > FUNCTION_LINES:
            found.append(
                f"{module.place}:{function.lineno}: {function.name} has {length(function)} lines without its "
                f"docstring, at most {FUNCTION_LINES}"
            )
    return found


def too_many_methods(module: Module) -> list[str]:
    """Classes with more public methods than the style allows; a property is not counted."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            methods = [
                item.name
                for item in node.body
                if isinstance(item, ast.FunctionDef)
                and not item.name.startswith("_")
                and "property" not in {ast.unparse(mark).split(".")[-1] for mark in item.decorator_list}
            ]
            if len(methods) > PUBLIC_METHODS:
                found.append(f"{module.place}:{node.lineno}: {node.name} has {len(methods)} public methods")
    return found


def without_docstring(module: Module) -> list[str]:
    """The module, and its public functions and classes, where they say nothing of themselves."""
    found = [] if ast.get_docstring(module.tree) else [f"{module.place}: no docstring"]
    for node in module.tree.body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ):
            found.append(f"{module.place}:{node.lineno}: {node.name} has no docstring")
    return found


def more_than_names(module: Module) -> list[str]:
    """Functions (but the two of a lazy module), classes and loops in an ``__init__.py``."""
    if not module.package:
        return []
    plain = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr, ast.If)
    return [
        f"{module.place}:{node.lineno}: an __init__.py holds names only"
        for node in module.tree.body
        if not isinstance(node, plain)
        and not (isinstance(node, ast.FunctionDef) and node.name in {"__getattr__", "__dir__"})
    ]


def global_state(module: Module) -> list[str]:
    """Statements that change a module's names from within a function."""
    return [
        f"{module.place}:{node.lineno}: no global state"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]


def check(law: Callable[[Module], list[str]]) -> None:
    """Fail with every violation of one law, a line each."""
    found = [line for module in modules() for line in law(module)]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_no_import_points_back():
    check(arrows_back)


def test_no_private_name_is_imported_from_another_room():
    check(private_names)


def test_backends_are_reached_through_their_registry():
    check(inside_of_backends)


def test_modules_and_functions_stay_short():
    check(too_long)


def test_classes_have_at_most_ten_public_methods():
    check(too_many_methods)


def test_every_public_thing_has_a_docstring():
    check(without_docstring)


def test_an_init_file_holds_names_only():
    check(more_than_names)


def test_there_is_no_global_statement():
    check(global_state)


def sample(text: str, name: str = "neurosim.families.spiking", package: bool = False) -> Module:
    return Module(name, "sample.py", text, package)


def test_an_arrow_that_points_back_is_seen_however_it_is_written():
    for text in (
        "from ..backends import available",
        "from .. import simulate",
        "from ..simulate import simulate",
        "import neurosim.backends.numba",
        "from neurosim import LIF",
        "def f():\n    from neurosim.network import Network",
        "from models import brunel_2000",
    ):
        assert len(arrows_back(sample(text))) == 1, text


def test_an_arrow_that_points_forward_is_let_pass():
    text = "import numpy\nfrom ..errors import EquationError\nfrom ..program import Map\nfrom .kinds import L"
    assert arrows_back(sample(text)) == []


def test_a_relative_import_of_a_package_is_read_from_the_package_itself():
    text = "from .numba import emit\nfrom ..network import Network\n"
    module = sample(text, "neurosim.backends", package=True)
    assert [room for _, room in rooms_imported(module)] == ["backends", "network"]


def test_a_long_function_is_seen_and_its_docstring_is_not_counted():
    docstring = '    """One.\n' + "\n" * 60 + '    """\n'
    assert too_long(sample("def f():\n" + docstring + "    x = 1\n" * 49)) == []
    assert len(too_long(sample("def f():\n" + docstring + "    x = 1\n" * 50))) == 1


def test_the_other_laws_can_be_broken():
    assert len(too_long(sample("x = 1\n" * 401))) == 1
    assert len(without_docstring(sample("def f(): pass\n\n\ndef _g(): pass\n"))) == 2
    assert len(more_than_names(sample("class A: pass\n", package=True))) == 1
    assert len(private_names(sample("from ..program import _hidden\nfrom .kinds import _own\n"))) == 1
    assert len(inside_of_backends(sample("from neurosim.backends.numba import emit\n"))) == 1
    methods = [f"    def m{k}(self): ...\n" for k in range(11)]
    assert too_many_methods(sample("class A:\n" + "".join(methods[:10]))) == []
    assert len(too_many_methods(sample("class A:\n" + "".join(methods)))) == 1
    assert len(global_state(sample("def f():\n    global x\n"))) == 1
