"""What every test may ask for."""

import importlib
import os
import time
from dataclasses import replace
from functools import partial
from typing import Any

# before anything imports matplotlib: a test never opens a window
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from hypothesis import HealthCheck, settings

# how long an example takes says something about the machine and nothing about the code
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

HOST = ("NEUROSIM_CUDA_LOADER", "host")
"""With this in the environment the backend ``cupy`` runs on the processor, its kernels built by the host's compiler."""
LONG = ("test_notebooks.py", "test_doctests.py", "test_examples.py")
"""Files of tests that take long each; they come first, so that no worker is left alone with one at the end."""
SECONDS = 240.0
"""Of the processor's time; a test with ``--cuda`` that takes more of it without a GPU is stopped, and says so."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cuda", action="store_true", help="run every simulation on the backend cupy: on the GPU, or, "
                                                         "where there is none, built by the host's compiler")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shim: runs on cupy too where there is no GPU, built by the host's compiler")
    config.addinivalue_line("markers", "numba: about threads or cached code of Numba, and left out with --cuda")
    if not config.getoption("--cuda"):
        return
    from neurosim.backends import available

    if available("cupy") is not None:
        os.environ.update([HOST])
    reason = available("cupy")
    if reason is not None:
        raise pytest.UsageError(f"--cuda: {reason}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests first; with ``--cuda`` those of the other backends would be those of ``cupy`` once more."""
    items.sort(key=lambda item: item.path.name not in LONG)
    if config.getoption("--cuda"):
        other = [item for item in items if _asked(item) not in (None, "cupy")]
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if _asked(item) in (None, "cupy")]


def _asked(item: pytest.Item) -> Any:
    """The backend that a test is given by its fixture, or is about."""
    if item.get_closest_marker("numba"):
        return "numba"
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get("backend")


@pytest.fixture(autouse=True)
def _on_cuda(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``--cuda`` a simulation that asks for another backend gets ``cupy``."""
    if request.config.getoption("--cuda"):
        from neurosim.backends import backend, backend_names

        session, end = importlib.import_module("neurosim.simulate.session"), time.process_time() + SECONDS
        said = f"{request.node.name} was stopped after {SECONDS:g} s: without a GPU blocks run one after another"

        def instead(name: str) -> Any:
            return InPlaceOf(name, backend("cupy"), end, said) if name in backend_names() else backend(name)

        monkeypatch.setattr(session, "backend", instead)


class InPlaceOf:
    """The backend ``cupy`` where another one was asked for; in double precision if that was the reference.

    Without a GPU blocks run one after another, so a simulation is stopped where it takes too long.
    """

    def __init__(self, name: str, cuda: Any, end: float, said: str):
        self._name, self._cuda, self._end, self._said = name, cuda, end, said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cuda, name)

    def prepare(self, program: Any, probes: Any, options: Any) -> Any:
        double = replace(options, dtype="float64")
        runner = self._cuda.prepare(program, probes, double if self._name == "reference" else options)
        if os.environ.get(HOST[0]) == HOST[1]:
            runner.advance = partial(self._advance, runner.advance)
        return runner

    def _advance(self, advance: Any, *arguments: Any) -> None:
        advance(*arguments)
        if time.process_time() > self._end:
            pytest.skip(self._said)


@pytest.fixture(params=["reference", "numba", "cupy"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of each backend in turn; one that cannot run here is skipped with its reason.

    Where there is no GPU, the tests marked ``shim`` run their CUDA built by the host's compiler.
    """
    from neurosim.backends import available

    name: str = request.param
    if name == "cupy" and request.node.get_closest_marker("shim") and available(name) is not None:
        monkeypatch.setenv(*HOST)
    reason = available(name)
    if reason is not None:
        pytest.skip(f"{name}: {reason}")
    return name
