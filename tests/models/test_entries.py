"""Every entry of the catalog builds, is checked, and draws."""

import inspect
import subprocess
import sys

import pytest

from neurosim import Network, catalog, simulate

NAMES = catalog.names()
# what an entry has run once serves its other tests, so one process takes them all
GROUPED = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]

# a process of its own takes some seconds for each: in every run one entry in eight, among the slow tests the others
ALONE = [pytest.param(name, marks=[pytest.mark.xdist_group(name), *([pytest.mark.slow] if n % 8 else [])])
         for n, name in enumerate(NAMES)]

SMALL = {
    "brunel_2000": {"size": 1000},
    "mongillo_2008": {"scale": 0.05},
    "potjans_diesmann_2014": {"scale": 0.02},
}
"""Parameters with which a test that only looks whether something runs builds a large network."""


def test_the_catalog_holds_the_first_entries():
    wanted = {"brunel_2000", "izhikevich_2003", "potjans_diesmann_2014", "vogels_abbott_2005"}
    assert wanted <= set(NAMES)


def surprises(name, cost):
    """Claims that do not hold and do not say so, or hold and say that they do not."""
    results = catalog.check(catalog.entry(name), (cost,))
    return [f"{r.claim.text}: {r.value:g} {r.error}" for r in results if r.holds == bool(r.claim.misses)]


@pytest.mark.parametrize("name", GROUPED)
def test_an_entry_builds_a_network_that_survives_being_written_down(name):
    network = catalog.entry(name).build(**SMALL.get(name, {}))
    assert isinstance(network, Network)
    assert Network.from_dict(network.to_dict()) == network


@pytest.mark.parametrize("name", ALONE)
def test_an_entry_runs_as_the_first_thing_that_a_process_does(name):
    code = (
        "from neurosim import simulate; from neurosim.catalog import entry\n"
        f"model = entry({name!r})\n"
        f"network = model.build(**{SMALL.get(name, {})})\n"
        "print(simulate(network, 20.0, dt=model.dt, record=list(model.record)).duration)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "20.0\n"


@pytest.mark.parametrize("name", GROUPED)
def test_an_entry_has_quick_claims_that_say_where_and_why(name):
    claims = catalog.entry(name).claims
    assert any(claim.cost == "quick" for claim in claims)
    assert len({claim.text for claim in claims}) == len(claims)
    for claim in claims:
        assert {"backend", "seed"} <= set(inspect.signature(claim.measure).parameters) or any(
            p.kind is p.VAR_KEYWORD for p in inspect.signature(claim.measure).parameters.values()
        )


@pytest.mark.parametrize("name", GROUPED)
def test_the_quick_claims_of_an_entry_hold_or_are_said_to_miss(name):
    assert surprises(name, "quick") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", GROUPED)
def test_the_slow_claims_of_an_entry_hold_or_are_said_to_miss(name):
    assert surprises(name, "slow") == []


@pytest.mark.slow  # the paper's own figure; that of a recording is drawn in every run
@pytest.mark.parametrize("name", GROUPED)
def test_the_figure_of_an_entry_draws_into_the_axes_given(name):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert catalog.entry(name).figure(ax) is ax
    drawn = [ax, *ax.child_axes]
    assert any(panel.lines or panel.collections or panel.images for panel in drawn)


@pytest.mark.parametrize("name", GROUPED)
def test_the_figure_of_an_entry_takes_a_recording(name):
    from matplotlib.figure import Figure

    model = catalog.entry(name)
    network = model.build(**SMALL.get(name, {}))
    recording = simulate(network, 100.0, dt=model.dt, record=list(model.record), progress=False)
    ax = Figure().add_subplot()
    assert model.figure(ax, recording) is ax
