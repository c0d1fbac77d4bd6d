"""Units: the built-in table against pint, names that read back, and the door for quantities."""

from fractions import Fraction

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosim import units
from neurosim.errors import UnitError
from neurosim.units import (
    CAPACITANCE,
    CONCENTRATION,
    CONDUCTANCE,
    CURRENT,
    DIMENSIONLESS,
    FREQUENCY,
    LENGTH,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Dimension,
    coherent_name,
    display_unit,
    parse_unit,
    to_internal,
)

brian2 = pytest.importorskip("brian2", reason="quantities of Brian 2 are checked with Brian 2")
REGISTRY = pint.UnitRegistry()
# names that Brian 2 and we know, and pint spells otherwise
PINT_SPELLING = {"amp": "ampere", "Ohm": "ohm"}
SI = {"kg": 1e-12, "m": 1e-6, "s": 1e-3, "A": 1e-12, "K": 1.0, "mol": 1e-21, "cd": 1.0}


@pytest.mark.parametrize("name", sorted(units.unit_names() | {"V", "A", "s", "S", "F", "m", "M"}))
def test_the_table_agrees_with_pint(name):
    spelled = name
    for ours, theirs in PINT_SPELLING.items():
        if name.endswith(ours) and not name.endswith(theirs):
            spelled = name.removesuffix(ours) + theirs
    quantity = REGISTRY.Quantity(1.0, spelled).to_base_units()
    unit = parse_unit(name)
    assert units._pint_dimension(quantity) == unit.dimension
    scale = np.prod(
        [SI[base] ** float(e) for base, e in zip(units.BASES, unit.dimension.exponents, strict=True)]
    )
    assert unit.factor == pytest.approx(quantity.magnitude / scale, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "dimension", "factor"),
    [
        ("mV", VOLTAGE, 1.0),
        ("volt", VOLTAGE, 1000.0),
        ("ms", TIME, 1.0),
        ("Hz", FREQUENCY, 1e-3),
        ("1", DIMENSIONLESS, 1.0),
        ("1/ms", FREQUENCY, 1.0),
        ("GΩ", RESISTANCE, 1.0),
        ("Mohm", RESISTANCE, 1e-3),
        ("µM", CONCENTRATION, 1.0),
        ("uM", CONCENTRATION, 1.0),
        ("umolar", CONCENTRATION, 1.0),
        ("mmole/meter**3", CONCENTRATION, 1.0),
        ("pA*ms", CURRENT * TIME, 1.0),
        ("pA/mV", CONDUCTANCE, 1.0),
        ("siemens/meter**2", CONDUCTANCE / LENGTH**2, 1e-3),
        ("uF/cm**2", CAPACITANCE / LENGTH**2, 1e-2),
        ("uF*cm**-2", CAPACITANCE / LENGTH**2, 1e-2),
        ("mV*ms**(-1/2)", VOLTAGE * TIME ** Fraction(-1, 2), 1.0),
        ("minute", TIME, 60000.0),
        ("millivolt", VOLTAGE, 1.0),
    ],
)
def test_a_unit_is_read_with_its_dimension_and_size(text, dimension, factor):
    unit = parse_unit(text)
    assert (unit.name, unit.dimension, unit.factor) == (text, dimension, factor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mV+mV",
        "1e",
        "degC",
        "nonsense",
        "__import__('os')",
        "mV**(9**9)",
        "mV**x",
        "1/(" * 90 + "mV" + ")" * 90,
    ],
)
def test_what_is_no_unit_is_refused(text):
    with pytest.raises(UnitError):
        parse_unit(text)


def test_a_misspelt_unit_offers_the_nearest():
    with pytest.raises(UnitError, match="did you mean 'mV'"):
        parse_unit("mv")


@given(st.tuples(*[st.integers(-4, 4)] * 7), st.sampled_from([1, 2]))
def test_the_name_of_a_dimension_reads_back_as_the_internal_unit(exponents, denominator):
    dimension = Dimension(tuple(Fraction(e, denominator) for e in exponents))
    unit = parse_unit(coherent_name(dimension))
    assert unit.dimension == dimension
    assert unit.factor == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("dimension", "name"),
    [
        (VOLTAGE, "mV"),
        (TIME, "ms"),
        (CURRENT, "pA"),
        (CAPACITANCE, "pF"),
        (CONDUCTANCE, "nS"),
        (RESISTANCE, "GΩ"),
        (CONCENTRATION, "µM"),
        (LENGTH, "µm"),
        (FREQUENCY, "Hz"),
        (DIMENSIONLESS, "1"),
        (VOLTAGE / TIME, "mV/ms"),
        (CONDUCTANCE / LENGTH**2, "nS/µm**2"),
        (CURRENT * TIME, "pA*ms"),
    ],
)
def test_dimensions_are_shown_in_units_a_neuroscientist_expects(dimension, name):
    assert display_unit(dimension).name == name


def test_only_hertz_is_shown_in_a_unit_that_is_not_internal():
    assert display_unit(FREQUENCY).factor == 1e-3
    assert display_unit(VOLTAGE / TIME).factor == 1.0


def test_plain_numbers_are_taken_in_the_display_unit():
    assert to_internal(-70, VOLTAGE, "x") == -70.0
    assert to_internal(50.0, FREQUENCY, "x") == 0.05
    np.testing.assert_array_equal(to_internal([1, 2], TIME, "x"), [1.0, 2.0])


@pytest.mark.parametrize(
    ("value", "dimension", "expected"),
    [
        (-70 * brian2.mV, VOLTAGE, -70.0),
        (0.2 * brian2.nA, CURRENT, 200.0),
        (50 * brian2.Hz, FREQUENCY, 0.05),
        ([1, 2] * brian2.uF / brian2.cm**2, CAPACITANCE / LENGTH**2, [0.01, 0.02]),
        (REGISTRY.Quantity(-0.07, "volt"), VOLTAGE, -70.0),
        (REGISTRY.Quantity(3, "nS"), CONDUCTANCE, 3.0),
        (REGISTRY.Quantity(2.0, "mol/m**3"), CONCENTRATION, 2000.0),
        (REGISTRY.Quantity(np.array([1.0, 2.0]), "second"), TIME, [1000.0, 2000.0]),
        (REGISTRY.Quantity(3.0, ""), DIMENSIONLESS, 3.0),
    ],
)
def test_quantities_of_pint_and_brian_are_converted(value, dimension, expected):
    np.testing.assert_allclose(to_internal(value, dimension, "x"), expected, rtol=1e-14)


@pytest.mark.parametrize("value", [3 * brian2.pA, REGISTRY.Quantity(3, "pA")])
def test_a_wrong_dimension_names_the_field_and_both_units(value):
    with pytest.raises(UnitError, match=r"Neurons\.tau_m must be in ms, got .*which is in pA"):
        to_internal(value, TIME, "Neurons.tau_m")


@pytest.mark.parametrize("value", ["5 ms", None, object(), [[1], [2, 3]], 1j])
def test_what_is_no_number_is_refused_by_name(value):
    with pytest.raises(UnitError, match=r"Neurons\.tau_m must be a number"):
        to_internal(value, TIME, "Neurons.tau_m")


def test_common_units_do_not_load_pint():
    import subprocess
    import sys

    code = (
        "import sys; from neurosim.units import parse_unit; "
        "[parse_unit(u) for u in ('mV', 'siemens/meter**2', 'Hz', 'umolar', 'GΩ', '1')]; "
        "sys.exit('pint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
