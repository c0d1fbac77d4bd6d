"""Where there is no GPU, the contracts are proved on the kernels' text built by the host compiler."""

import os
from pathlib import Path
from zlib import crc32

import pytest

from neurosim.backends.cupy.backend import LOOPS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("shim")


@pytest.fixture(autouse=True)
def one_of_the_loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the loops for each test, in all of them each; an environment that names one decides for all."""
    if "NEUROSIM_CUDA_LOOP" not in os.environ:
        monkeypatch.setenv("NEUROSIM_CUDA_LOOP", LOOPS[crc32(request.node.nodeid.encode()) % len(LOOPS)])
