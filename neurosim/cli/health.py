"""What ``neurosim doctor`` looks at."""

import importlib.metadata
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from .._version import __version__
from ..backends import available, backend_names, is_optional
from ..errors import NeurosimError
from ..kernels.loader import cache_folder
from .printing import coloured, print_json, print_table, printer

PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "sympy", "pint", "matplotlib", "xarray", "zarr", "neo",
            "torch", "snntorch", "brian2", "cupy")


def show(json: bool) -> bool:
    """Print the findings; whether everything that must work does."""
    found = examine()
    if json:
        print_json(found)
        return bool(found["well"])
    out = printer()
    out.print(f"neurosim {found['neurosim']} on Python {found['python']}, {found['platform']}")
    memory = found["memory_GiB"]
    held = f"{memory['free']:.1f} GiB of {memory['total']:.1f} GiB memory free" if memory else "memory unknown"
    out.print(f"{found['cores']} cores for this process, {held}")
    cache = found["cache"]
    good = not cache["error"]
    out.print(f"compiled code is kept in {cache['folder']} ({cache['files']} files, {cache['MiB']:.1f} MiB)" if good
              else f"compiled code cannot be kept: {cache['error']}", style=None if good else "bold red", markup=False)
    if cache["remark"]:
        out.print(cache["remark"], style="yellow", markup=False)
    tried = found["backends"].items()
    rows = [[name, _verdict(name, one["works"]), one["reason"] or one["remark"]] for name, one in tried]
    print_table(["backend", "", ""], rows, wrap={2})
    versions = [[name, version or "not installed"] for name, version in found["packages"].items()]
    print_table(["package", "version"], versions)
    out.print("all is well" if found["well"] else "something is amiss: see above")
    return bool(found["well"])


def examine() -> dict[str, Any]:
    """Everything there is to say, in plain values."""
    backends = {name: try_backend(name) for name in backend_names()}
    cache = look_at_cache()
    return {
        "neurosim": __version__, "python": platform.python_version(), "executable": sys.executable,
        "platform": platform.platform(), "processor": platform.machine(), "cores": _cores(),
        "memory_GiB": _memory(), "cache": cache, "backends": backends,
        "packages": {name: _installed(name) for name in PACKAGES},
        "well": not cache["error"] and all(one["works"] or _may_be_missing(name) for name, one in backends.items()),
    }


def try_backend(name: str) -> dict[str, Any]:
    """Whether a backend runs a small network here, how long that took, or why it does not."""
    from ..families import LIF
    from ..network import Network
    from ..simulate import Simulation

    reason, where = available(name), ""
    begun = time.perf_counter()
    if reason is None:
        try:
            session = Simulation(Network({"cell": LIF(2, i=30.0)}), backend=name, record="spikes", progress=False)
            spikes = session.run(100.0)["cell.spikes"]
            reason = None if spikes.count else "it ran, but a driven neuron did not spike"
            where = f" on {session.info()['device']}" if "device" in session.info() else ""
        except NeurosimError as error:
            reason = str(error)
        except Exception as error:
            # whatever a broken installation raises is what the user has come to hear
            reason = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - begun
    return {"works": reason is None, "reason": reason or "", "seconds": round(seconds, 3),
            "remark": f"a small network ran in {seconds:.1f} s{where}" if reason is None else ""}


def _verdict(name: str, works: bool) -> Any:
    return "not here" if not works and _may_be_missing(name) else coloured("works" if works else "does not work", works)


def _may_be_missing(name: str) -> bool:
    """What is optional may be missing; when it is there, it must work."""
    return is_optional(name) and available(name) is not None


def look_at_cache() -> dict[str, Any]:
    """Where compiled code is kept, whether it can be written to, and how much there is."""
    try:
        folder = cache_folder()  # raises where no folder can be written to
    except NeurosimError as error:
        return {"folder": "", "error": str(error), "remark": "", "files": 0, "MiB": 0.0}
    files = [path for path in folder.rglob("*") if path.is_file()]
    wanted = os.environ.get("NEUROSIM_CACHE_DIR")
    remark = ""
    if wanted and Path(wanted).expanduser().absolute() != folder:
        remark = f"NEUROSIM_CACHE_DIR is {wanted}, which cannot be written to"
    return {"folder": str(folder), "error": "", "remark": remark, "files": len(files),
            "MiB": round(sum(path.stat().st_size for path in files) / 2**20, 1)}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> dict[str, float] | None:
    """Total and free memory, GiB, where the system says so."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        total, free = (int(lines[name].split()[0]) / 2**20 for name in ("MemTotal", "MemAvailable"))
        return {"total": round(total, 1), "free": round(free, 1)}
    except (OSError, KeyError, ValueError):
        pass
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = (os.sysconf(name) * page / 2**30 for name in ("SC_PHYS_PAGES", "SC_AVPHYS_PAGES"))
        return {"total": round(total, 1), "free": round(free, 1)}
    except (AttributeError, ValueError, OSError):
        return None


def _installed(name: str) -> str | None:
    for distribution in (name, "cupy-cuda12x", "cupy-cuda13x") if name == "cupy" else (name,):
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
