"""The names of the package: light to import, and all there."""

import subprocess
import sys

import pytest

import neurosim


def test_every_public_name_is_there():
    for name in neurosim.__all__:
        assert getattr(neurosim, name) is not None
        assert name in dir(neurosim)


def test_every_family_is_a_public_name():
    from neurosim.families import FAMILIES

    assert set(FAMILIES) <= set(neurosim.__all__)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="simulat"):
        _ = neurosim.simulat


def printed(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_simulate_is_the_function_whatever_was_imported_first():
    code = (
        "from neurosim.simulate import Simulation; from neurosim import simulate; print(callable(simulate))"
    )
    assert printed(code) == "True"


def test_importing_neurosim_loads_nothing_heavy():
    heavy = "{'numba', 'scipy', 'sympy', 'pint', 'matplotlib', 'xarray', 'yaml', 'tqdm', 'neurosim.families'}"
    assert printed(f"import sys, neurosim; print(sorted(set(sys.modules) & {heavy}))") == "[]"


def test_describing_a_network_loads_no_compiler():
    code = (
        "import sys; from neurosim import LIF, Network; Network({'a': LIF(2)}); print('numba' in sys.modules)"
    )
    assert printed(code) == "False"
