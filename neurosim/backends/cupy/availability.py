"""Whether the GPU backend can run here, and what is missing if not. Imports nothing heavy until asked."""

import importlib.util
import os
from dataclasses import dataclass

INSTALL = "pip install 'neurosim[cuda13]' for a driver of CUDA 13, 'neurosim[cuda12]' for one of CUDA 12"
OLDEST = {12: (7, 0), 13: (7, 5)}
"""Oldest compute capability that the compiler of a CUDA major still serves."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is: versions of CUDA as CUDA counts them (12040 is 12.4), and the first card.

    Parameters
    ----------
    driver
        Newest CUDA that the driver serves; 0 without a driver.
    runtime
        CUDA that CuPy was built for.
    cards
        Number of cards that this process may use.
    name, capability
        Of the first card.
    """

    driver: int
    runtime: int
    cards: int = 0
    name: str = ""
    capability: tuple[int, int] = (0, 0)


def unavailable() -> str | None:
    """None when programs can run, else the reason why not."""
    if os.environ.get("NEUROSIM_CUDA_LOADER") == "host":
        from .host import COMPILERS, find_compiler

        if find_compiler() is not None:
            return None
        tried = ", ".join(COMPILERS)
        return f"not available: the host loader finds no C++ compiler on a Linux machine (tried: {tried})"
    if importlib.util.find_spec("cupy") is None:
        return f"not available: the backend 'cupy' needs the package cupy: {INSTALL}"
    try:
        found = look()
    except Exception as problem:  # whatever a broken installation raises is the reason
        return f"not available: cupy cannot be used here ({type(problem).__name__}: {problem}); {INSTALL}"
    return diagnose(found)


def look() -> Found:
    """Ask CuPy for the driver and the card."""
    import cupy

    runtime = cupy.cuda.runtime
    driver, built = runtime.driverGetVersion(), runtime.runtimeGetVersion()
    if driver == 0 or driver // 1000 < built // 1000:
        return Found(driver=driver, runtime=built)  # asking for more would fail
    cards = runtime.getDeviceCount()
    if not cards:
        return Found(driver=driver, runtime=built)
    facts = runtime.getDeviceProperties(runtime.getDevice())
    return Found(driver=driver, runtime=built, cards=cards, name=facts["name"].decode(),
                 capability=(facts["major"], facts["minor"]))


def diagnose(found: Found) -> str | None:
    """None when that will do, else what is missing and what helps."""
    major = found.runtime // 1000
    if found.driver == 0:
        return "not available: no NVIDIA driver was found; install one, or use the backend 'numba'"
    if found.driver // 1000 < major:
        return (f"not available: the NVIDIA driver serves CUDA {_version(found.driver)}, and this cupy is built for "
                f"CUDA {major}; install a newer driver, or pip uninstall cupy-cuda{major}x and {INSTALL}")
    if not found.cards:
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        hint = f" (CUDA_VISIBLE_DEVICES is {hidden!r})" if hidden is not None else ""
        return f"not available: no NVIDIA GPU was found{hint}"
    oldest = OLDEST.get(major, (7, 5))
    if found.capability < oldest:
        have, need = (f"{a}.{b}" for a, b in (found.capability, oldest))
        return (f"not available: {found.name} has compute capability {have}, and CUDA {major} needs {need} or more"
                + ("; cupy-cuda12x serves 7.0 and more" if major > 12 and found.capability >= OLDEST[12] else ""))
    return None


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
