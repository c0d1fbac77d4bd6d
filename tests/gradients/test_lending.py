"""Memory that comes back."""

import gc

import numpy as np

from neurosim.backends.numba.scans.lending import SMALL, lend


def test_memory_is_lent_again_only_when_no_view_of_it_is_left():
    shape = (3, SMALL)  # of a size that nothing else in the tests asks for
    first = lend(shape, np.float64)
    first[:] = 1.0
    view = first[1:, 5:]
    place = first.ctypes.data
    del first
    gc.collect()
    other = lend(shape, np.float64)
    assert other.ctypes.data != place and np.all(view == 1.0)
    del view
    gc.collect()
    assert lend(shape, np.float64).ctypes.data == place
