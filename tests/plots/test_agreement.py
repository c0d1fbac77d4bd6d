"""Simulation over theory."""

import numpy as np
import pytest

from neurosim.errors import DescriptionError
from neurosim.plots import phase_diagram, theory_and_simulation


def test_points_and_the_line_of_the_same_place_share_a_colour():
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    x = np.arange(3.0)
    assert theory_and_simulation({"a": (x, x), "b": (x, 2 * x, 0.1 * x)}, {"A": (x, x), "B": (x, 2 * x)}, ax) is ax
    lines = {line.get_label(): line.get_color() for line in ax.get_lines()}
    points = {bars.get_label(): bars.lines[0].get_color() for bars in ax.containers}
    assert [points["a"], points["b"]] == [lines["A"], lines["B"]]
    assert lines["A"] != lines["B"]
    assert len(ax.get_legend().get_texts()) == 4
    np.testing.assert_array_equal(ax.containers[1].lines[0].get_ydata(), 2 * x)
    plt.close()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(DescriptionError, match="simulated and theory are both empty"):
        theory_and_simulation({}, {})
    with pytest.raises(DescriptionError, match=r"simulated\['a'\] must be \(x, y\) or \(x, y, error\), got 1 arrays"):
        theory_and_simulation({"a": ([1.0],)}, {})


def test_lines_between_phases_lie_over_what_was_simulated():
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    loads, heat, values = np.linspace(0.0, 0.2, 3), np.linspace(0.1, 1.0, 4), np.arange(12.0).reshape(4, 3) / 12.0
    assert phase_diagram({"T_M": ([0.0, 0.1, np.nan], [1.0, 0.4, 0.1])}, (loads, heat, values), ax) is ax
    (line,), (shades,) = ax.get_lines(), ax.collections
    np.testing.assert_array_equal(line.get_ydata(), [1.0, 0.4, 0.1])
    np.testing.assert_array_equal(shades.get_array(), values)
    plt.close()


def test_a_plane_that_does_not_fit_is_refused():
    with pytest.raises(DescriptionError, match="lines and simulated are both empty"):
        phase_diagram({})
    with pytest.raises(DescriptionError, match=r"with values \(1, 2\), got shape \(2, 1\)"):
        phase_diagram({}, ([0.0, 1.0], [0.0], [[1.0], [1.0]]))
