"""Entries, claims, and checking them."""

import dataclasses
import subprocess
import sys

import pytest

from neurosim import catalog
from neurosim.catalog import Claim, Entry, Result
from neurosim.errors import DescriptionError, RecordingError


def half(of: float = 1.0, *, backend: str = "numba", seed: int = 0) -> float:
    return of / 2 + seed


def fails(*, backend: str, seed: int) -> float:
    raise RecordingError("nothing was recorded")


def breaks(*, backend: str, seed: int) -> float:
    raise KeyError("a mistake in a measure")


def claim(**changes) -> Claim:
    fields = {"text": "a half", "measure": half, "arguments": {"of": 3.0}, "low": 1.4, "high": 1.6,
              "where": "page 1", "why": "arithmetic", "cost": "quick"}
    return Claim(**{**fields, **changes})


def entry(**changes) -> Entry:
    fields = {"title": "Halves", "paper": "Euclid (300 BC). doi:10.1000/182", "family": "numbers",
              "build": lambda size=3: size, "figure": lambda ax: ax, "claims": (claim(),)}
    return Entry(**{**fields, **changes})


def test_a_claim_holds_within_its_interval_and_at_its_bounds():
    for value, holds in ((1.5, True), (1.4, True), (1.6, True), (1.39, False), (1.61, False), (float("nan"), False)):
        assert Result(claim=claim(), value=value, seconds=0.0).holds is holds


def test_checking_gives_the_number_and_whether_it_holds():
    (result,) = catalog.check(entry())
    assert (result.value, result.holds, result.error) == (1.5, True, "")
    assert result.seconds >= 0
    (result,) = catalog.check(entry(), seed=1)
    assert (result.value, result.holds) == (2.5, False)


def test_only_claims_of_the_costs_asked_for_are_measured():
    model = entry(claims=(claim(), claim(cost="slow"), claim(cost="full")))
    assert [r.claim.cost for r in catalog.check(model)] == ["quick"]
    assert [r.claim.cost for r in catalog.check(model, catalog.costs_up_to("slow"))] == ["quick", "slow"]
    assert [r.claim.cost for r in catalog.check(model, ("full",))] == ["full"]
    with pytest.raises(DescriptionError, match="cost must be one of full, quick, slow, got 'slwo'; did you mean"):
        catalog.check(model, ("slwo",))


def test_a_measure_that_fails_with_an_error_of_ours_does_not_hold():
    (result,) = catalog.check(entry(claims=(claim(measure=fails, arguments={}),)))
    assert not result.holds
    assert result.error == "nothing was recorded"


def test_a_mistake_in_a_measure_is_not_hidden():
    with pytest.raises(KeyError):
        list(catalog.check(entry(claims=(claim(measure=breaks, arguments={}),))))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": " "}, "Claim.text must be a text"),
        ({"where": ""}, "Claim.where must be a text"),
        ({"why": None}, "Claim.why must be a text"),
        ({"measure": 3}, "Claim.measure must be a function"),
        ({"low": 2.0}, "Claim.low must be <= high"),
        ({"high": float("nan")}, "Claim.high must be a number"),
        ({"low": "1"}, "Claim.low must be a number"),
        ({"cost": "cheap"}, "Claim.cost must be one of"),
        ({"arguments": {"off": 3.0}}, "half takes no 'off'; did you mean 'of'"),
    ],
)
def test_a_claim_refuses_what_it_cannot_be(changes, message):
    with pytest.raises(DescriptionError, match=message):
        claim(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "Entry.title must be a text"),
        ({"paper": "Euclid (300 BC)"}, "Entry.paper must name a DOI"),
        ({"build": None}, "Entry.build must be a function"),
        ({"figure": "plot"}, "Entry.figure must be a function"),
        ({"claims": ("it holds",)}, "Entry.claims must be Claims"),
        ({"duration": 0.0}, "Entry.duration must be > 0"),
        ({"dt": -1.0}, "Entry.dt must be > 0"),
        ({"build": lambda size: size}, "the parameter 'size' needs a default"),
    ],
)
def test_an_entry_refuses_what_it_cannot_be(changes, message):
    with pytest.raises(DescriptionError, match=message):
        entry(**changes)


def test_entries_and_claims_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry().title = "Thirds"
    with pytest.raises(dataclasses.FrozenInstanceError):
        claim().low = 0.0
    with pytest.raises(TypeError):
        claim().arguments["of"] = 4.0


def test_an_entry_knows_its_parameters_and_address():
    assert dict(entry().parameters) == {"size": 3}
    assert entry().doi == "https://doi.org/10.1000/182"
    assert entry(paper="Euclid. doi:10.1000/182; and others").doi == "https://doi.org/10.1000/182"


def test_an_unknown_entry_offers_the_nearest():
    with pytest.raises(DescriptionError, match="no entry 'brunel'; did you mean 'brunel_2000'"):
        catalog.entry("brunel")


def test_listing_names_imports_no_model():
    code = (
        "import sys; from neurosim import catalog; found = catalog.names();"
        "assert 'brunel_2000' in found, found;"
        "heavy = {'numba', 'sympy', 'matplotlib', 'scipy', 'pint', 'neurosim.models.brunel_2000'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
