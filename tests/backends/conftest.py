"""Where there is no GPU, the contracts are proved on the kernels' text built by the host compiler."""

import pytest

from neurosim.backends import available


@pytest.fixture(params=["reference", "numba", "cupy"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of each backend in turn; one that cannot run here is skipped with its reason."""
    if request.param == "cupy" and available("cupy") is not None:
        monkeypatch.setenv("NEUROSIM_CUDA_LOADER", "host")
    reason = available(request.param)
    if reason is not None:
        pytest.skip(f"{request.param}: {reason}")
    return request.param
