"""Turns generated text into a module that Numba's disk cache recognises in the next process."""

import ast
import hashlib
import importlib.util
import os
import platform
import re
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from types import ModuleType

from ..errors import BackendError, DescriptionError

_LOADING = threading.RLock()
"""Held from the lookup to the end of the import: a module is in ``sys.modules`` before its body has run."""


def load(name: str, *texts: str) -> ModuleType:
    """Join the texts into one module, write it to the cache folder, import it from there.

    The file is named by the hash of the text, of the versions of Python, NumPy, Numba and llvmlite, and
    of the kind of CPU. Loading the same text again returns the same module. Any number of
    threads and processes may do this at once.

    Parameters
    ----------
    name
        What the module is about; the start of its name.
    texts
        Python source texts, in order. They must not import anything relative.

    Raises
    ------
    BackendError
        When no folder can be written to.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise DescriptionError(f"name of a module must be an identifier, got {name!r}")
    text = "\n\n".join(texts)
    digest = hashlib.sha256("\n".join((text, *versions())).encode()).hexdigest()[:20]
    full_name = f"neurosim_{name}_{digest}"
    with _LOADING:
        return sys.modules.get(full_name) or _imported(full_name, text)


def _imported(full_name: str, text: str) -> ModuleType:
    path = cache_folder() / f"{full_name}.py"
    _write(path, text)
    spec = importlib.util.spec_from_file_location(full_name, path)
    if spec is None or spec.loader is None:
        raise BackendError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    # Numba stores functions by the name of their module, so it must be known before anything is compiled
    sys.modules[full_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full_name]
        raise
    return module


@cache
def prelude_text() -> str:
    """The functions of `prelude.py` as one text without imports of ours."""
    folder = Path(__file__).parent
    parts = ("constants", "intrinsics", "elementary", "counters")
    return "\n\n".join(source_text(folder / f"{part}.py") for part in parts)


@cache
def source_text(path: str | Path) -> str:
    """A Python file without its relative imports, ready to be joined with what it imported.

    A function in Numba's cache must not call a compiled function of another file: Numba does not notice
    when that one changes. So what belongs together is pasted together.
    """
    text = Path(path).read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)) + "\n"


@cache
def versions() -> tuple[str, ...]:
    """What else compiled code depends on: versions, and the kind of CPU."""
    import llvmlite
    import llvmlite.binding
    import numba
    import numpy

    return (
        platform.python_version(),
        platform.machine(),
        numpy.__version__,
        numba.__version__,
        llvmlite.__version__,
        llvmlite.binding.get_host_cpu_name(),
    )


def cache_folder() -> Path:
    """Where generated modules are kept: ``NEUROSIM_CACHE_DIR``, else the user's cache folder.

    Where that cannot be written to, a folder of this user under the temporary folder.
    """
    chosen = os.environ.get("NEUROSIM_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    candidates = [Path(chosen)] if chosen else [Path(base) / "neurosim"]
    candidates.append(Path(tempfile.gettempdir()) / f"neurosim-{user}")
    for folder in candidates:
        try:
            path = folder.expanduser().absolute()
        except RuntimeError:  # no home
            continue
        if _is_ours_and_writable(path):
            return path
    tried = ", ".join(map(str, candidates))
    raise BackendError(f"cannot write to a folder for compiled code ({tried}); set NEUROSIM_CACHE_DIR")


def _is_ours_and_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # code is imported from here: a folder that another user made is refused
        if hasattr(os, "getuid") and folder.stat().st_uid not in (os.getuid(), 0):
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all; one that is there already keeps its time stamp.

    Numba throws its cache away when the time stamp of the source changes.
    """
    content = text.encode()
    if _holds(path, content):
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        try:
            os.link(temporary, path)  # fails where another process was first, and then its file stays
        except OSError:
            if not _holds(path, content):
                os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
