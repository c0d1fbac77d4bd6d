"""What every test may ask for."""

import os

# before anything imports matplotlib: a test never opens a window
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from hypothesis import HealthCheck, settings

# how long an example takes says something about the machine and nothing about the code
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(params=["reference", "numba", "cupy"])
def backend(request: pytest.FixtureRequest) -> str:
    """The name of each backend in turn; one that cannot run here is skipped with its reason."""
    from neurosim.backends import available

    reason = available(request.param)
    if reason is not None:
        pytest.skip(f"{request.param}: {reason}")
    return request.param
