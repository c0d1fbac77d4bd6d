"""Codes beside those of snnTorch, and against closed forms."""

import math

import pytest

torch = pytest.importorskip("torch")

from neurosim.bridges.torch import encoders  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402


@pytest.fixture
def peer():
    pytest.importorskip("snntorch")
    from snntorch import spikegen

    return spikegen


@pytest.fixture
def data():
    return torch.rand((5, 40), generator=torch.Generator().manual_seed(0))


def test_rates_are_those_of_snntorch_from_the_same_draws(peer, data):
    for options, theirs in (
        ({}, {}),
        ({"gain": 0.5, "offset": 0.3}, {"gain": 0.5, "offset": 0.3}),
        ({"first": 3}, {"first_spike_time": 3}),
    ):
        torch.manual_seed(7)
        expected = peer.rate(data, num_steps=10, **theirs)
        found = encoders.rate(data, 10, generator=torch.Generator().manual_seed(7), **options)
        assert torch.equal(found, expected)
    torch.manual_seed(7)
    expected = peer.rate(data, time_var_input=True, first_spike_time=2)
    assert torch.equal(encoders.rate(data, first=2, generator=torch.Generator().manual_seed(7)), expected)


def test_a_rate_is_the_probability_of_a_spike():
    spikes = encoders.rate(torch.tensor([0.0, 0.3, 1.0, 2.0]), 10_000, generator=torch.Generator().manual_seed(1))
    assert spikes.shape == (10_000, 4)
    rates = spikes.mean(dim=0).tolist()
    assert rates[0] == 0.0
    assert rates[1] == pytest.approx(0.3, abs=3 * math.sqrt(0.21 / 10_000))
    assert rates[2:] == [1.0, 1.0]


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("first", [0, 2])
def test_latencies_are_those_of_snntorch(peer, data, linear, clip, first):
    for options in ({"normalize": True}, {"tau": 1.3, "threshold": 0.2}):
        theirs = peer.latency(data, num_steps=30, first_spike_time=first, linear=linear, clip=clip, **options)
        ours = encoders.latency(data, 30, first=first, linear=linear, clip=clip, **options)
        assert torch.equal(ours, theirs)


def test_a_latency_is_the_time_at_which_a_leaky_neuron_reaches_its_threshold():
    """x (1 - exp(-t / tau)) = threshold."""
    x = torch.tensor([0.2, 0.5, 1.0], dtype=torch.float64)
    spikes = encoders.latency(x, 1000, threshold=0.1, tau=300.0)
    assert (spikes.sum(dim=0) == 1).all()
    time = spikes.argmax(dim=0).double()
    before, after = (x * (1 - torch.exp(-(time + off) / 300.0)) for off in (-0.5, 0.5))
    assert (before <= 0.1 + 1e-12).all()
    assert (after >= 0.1 - 1e-12).all()


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("off", [False, True])
def test_changes_are_those_of_snntorch(peer, data, padding, off):
    theirs = peer.delta(data, threshold=0.25, padding=padding, off_spike=off)
    assert torch.equal(encoders.delta(data, 0.25, padding=padding, off_spikes=off), theirs)


def test_a_population_gives_its_value_back():
    values = torch.linspace(0.2, 0.8, 7, dtype=torch.float64)
    drive = encoders.population(values, 21)
    assert drive.shape == (7, 21)
    assert drive.max().item() <= 1.0
    assert drive[0].argmax().item() == 4  # the centre nearest to 0.2 of 0, 0.05, ...
    # inside, where no field is cut off at the ends, the weighted mean of evenly spread Gaussians is the value
    torch.testing.assert_close(encoders.from_population(drive), values, atol=1e-3, rtol=0.0)
    assert torch.isnan(encoders.from_population(torch.zeros(3))).all()


def test_neighbouring_fields_cross_at_the_height_that_the_overlap_says():
    middle = torch.tensor(0.125, dtype=torch.float64)  # between the centres 0 and 0.25
    drive = encoders.population(middle, 5, overlap=1.5)
    assert drive[0].item() == pytest.approx(math.exp(-0.5 * (0.5 * 1.5) ** 2))
    assert drive[0].item() == pytest.approx(drive[1].item())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: encoders.rate(d, 5, first=5), "first must be in 0..steps - 1, got 5 with steps=5"),
        (lambda d: encoders.rate(d, gain=2.0), "gain and offset must be 1 and 0 where steps is None"),
        (lambda d: encoders.latency(d * 3, 5), r"data must be in \[0, 1\]"),
        (lambda d: encoders.latency(d, 5, threshold=0.0), r"threshold must be in \(0, 1\)"),
        (lambda d: encoders.latency(d, 5, tau=100.0), "the last spike must come before step 5"),
        (lambda d: encoders.population(d, 1), "size must be >= 2 and low < high"),
        (lambda d: encoders.population(d, 3, overlap=0.0), "overlap must be > 0, got 0.0"),
    ],
)
def test_what_does_not_fit_is_refused(data, call, message):
    with pytest.raises(DescriptionError, match=message):
        call(data)
