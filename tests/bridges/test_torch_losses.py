"""Losses, regularisers and decoders beside those of snnTorch, values and gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim.bridges.torch import losses  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402

T, B, C = 25, 16, 6


@pytest.fixture
def peer():
    pytest.importorskip("snntorch")
    import snntorch.functional

    return snntorch.functional


@pytest.fixture
def record():
    generator = torch.Generator().manual_seed(0)
    return {
        "spikes": torch.bernoulli(torch.full((T, B, C), 0.15), generator=generator),
        "membrane": torch.randn((T, B, C), generator=generator),
        "targets": torch.randint(0, C, (B,), generator=generator),
        "weight": torch.rand(C, generator=generator) + 0.5,
    }


def agree(ours, theirs, values, targets):
    """Value and gradient of both are the same up to the order of sums in single precision."""
    found = []
    for loss in (ours, theirs):
        values = values.detach().clone().requires_grad_()
        value = loss(values, targets.clone())
        value.sum().backward()
        found.append((value.sum().item(), values.grad))
    assert found[0][0] == pytest.approx(found[1][0], rel=2e-6)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=2e-5, atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropies_are_those_of_snntorch(peer, record, weighted):
    weight = record["weight"] if weighted else None
    for ours, theirs, values in (
        (losses.ce_rate, peer.ce_rate_loss, "spikes"),
        (losses.ce_count, peer.ce_count_loss, "spikes"),
        (losses.ce_membrane, peer.ce_max_membrane_loss, "membrane"),
    ):
        # with weights snnTorch takes the plain mean of the weighted losses, PyTorch (and we) the weighted mean
        scale = B / weight[record["targets"]].sum() if weighted else 1.0
        made = theirs(weight=weight)
        agree(
            lambda x, y, f=ours: f(x, y, weight=weight),
            lambda x, y, f=made, s=scale: f(x, y) * s,
            record[values],
            record["targets"],
        )


@pytest.mark.parametrize("classes", [None, 2, 3])
def test_counts_against_targets_are_those_of_snntorch(peer, record, classes):
    targets = record["targets"] % (classes or C)
    options = {"population_code": True, "num_classes": classes} if classes else {}
    for rates in ((1.0, 0.0), (0.8, 0.13)):
        theirs = peer.mse_count_loss(correct_rate=rates[0], incorrect_rate=rates[1], **options)
        agree(lambda x, y, r=rates: losses.mse_count(x, y, correct_rate=r[0], incorrect_rate=r[1], classes=classes),
              theirs, record["spikes"], targets)  # fmt: skip
    if classes:
        agree(lambda x, y: losses.ce_count(x, y, classes=classes), peer.ce_count_loss(**options), record["spikes"],
              targets)  # fmt: skip


def test_membranes_against_targets_are_those_of_snntorch(peer, record):
    theirs = peer.mse_membrane_loss(on_target=1.2, off_target=0.1)
    agree(lambda x, y: losses.mse_membrane(x, y, on=1.2, off=0.1), theirs, record["membrane"], record["targets"])
    changing = torch.randint(0, C, (T, B), generator=torch.Generator().manual_seed(1))
    wanted = torch.nn.functional.one_hot(changing, C).float()
    same = losses.mse_membrane(record["membrane"], changing), losses.mse_membrane(record["membrane"], wanted)
    assert same[0].item() == pytest.approx(torch.mean((record["membrane"] - wanted) ** 2).item(), rel=1e-6)
    assert same[0].item() == same[1].item()


@pytest.mark.parametrize("inverse", ["negate", "reciprocal"])
def test_latencies_are_those_of_snntorch(peer, record, inverse):
    agree(lambda x, y: losses.ce_latency(x, y, inverse=inverse), peer.ce_temporal_loss(inverse=inverse),
          record["spikes"], record["targets"])  # fmt: skip


@pytest.mark.parametrize(("on", "off", "tolerance"), [(0, T - 1, 0), (5, 20, 0), (-4, 2, 6)])
def test_latencies_against_targets_are_those_of_snntorch(peer, record, on, off, tolerance):
    theirs = peer.mse_temporal_loss(on_target=on, off_target=off, tolerance=tolerance)
    agree(lambda x, y: losses.mse_latency(x, y, on=on, off=off, tolerance=tolerance), theirs, record["spikes"],
          record["targets"])  # fmt: skip
    # snnTorch 1.0 reads a negative target of the wrong neurons as 0, ours counts from the end
    late, last = losses.mse_latency(record["spikes"], record["targets"]), T - 1
    assert late.item() == losses.mse_latency(record["spikes"], record["targets"], off=last).item()
    times = torch.randint(0, T, (B, C), generator=torch.Generator().manual_seed(2))
    agree(losses.mse_latency, peer.mse_temporal_loss(target_is_time=True), record["spikes"], times)


def test_the_l1_regulariser_is_that_of_snntorch(peer, record):
    from snntorch.functional.reg import l1_rate_sparsity

    assert losses.l1_rate(record["spikes"], 1e-3).item() == l1_rate_sparsity(1e-3)(record["spikes"]).item()


def test_decoders_are_those_of_snntorch(peer, record):
    spikes, targets = record["spikes"], record["targets"]
    assert losses.accuracy(losses.by_count(spikes), targets) == pytest.approx(peer.accuracy_rate(spikes, targets))
    assert losses.accuracy(losses.by_count(spikes, 3), targets % 3) == pytest.approx(
        peer.accuracy_rate(spikes, targets % 3, population_code=True, num_classes=3)
    )
    assert losses.accuracy(losses.by_latency(spikes), targets) == pytest.approx(peer.accuracy_temporal(spikes, targets))


def test_the_first_spike_is_found_and_the_last_step_stands_for_none():
    spikes = torch.tensor([[0, 0, 1], [1, 0, 1], [1, 0, 0]], dtype=torch.float32, requires_grad=True)
    first = losses.first_spikes(spikes)
    assert first.tolist() == [1.0, 2.0, 0.0]
    (first * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert spikes.grad.tolist() == [[0, 0, -3], [-1, 0, 0], [0, -2, 0]]


def test_decoders_take_the_lowest_of_equals():
    spikes = torch.zeros((4, 1, 3))
    spikes[1, 0, 1] = spikes[1, 0, 2] = 1
    assert losses.by_count(spikes).tolist() == [1]
    assert losses.by_latency(spikes).tolist() == [1]
    assert losses.by_membrane(spikes).tolist() == [1]
    assert losses.by_count(torch.zeros((4, 1, 3))).tolist() == [0]


def test_rate_bounds_pull_silent_neurons_up_and_loud_ones_down():
    spikes = torch.zeros((10, 4, 3))
    spikes[:2, :, 1] = 1  # 0.2 a step
    spikes[:, :, 2] = 1
    spikes.requires_grad_()
    loss = losses.rate_bounds(spikes, 0.1, 0.5, strength=3.0)
    assert loss.item() == pytest.approx(3.0 * (0.1**2 + 0.5**2) / 3)
    loss.backward()
    assert np.all(np.sign(spikes.grad.numpy()) == np.array([-1.0, 0.0, 1.0]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: losses.ce_rate(r["spikes"][0], r["targets"]), r"a record must be \(T, B, C\) and targets \(B,\)"),
        (lambda r: losses.ce_count(r["spikes"], r["targets"].float()), "targets must be class numbers"),
        (lambda r: losses.ce_count(r["spikes"], r["targets"], classes=4), r"classes must divide .* \(6\), got 4"),
        (lambda r: losses.mse_count(r["spikes"], r["targets"] + 3), r"targets must be in 0..5, got"),
        (lambda r: losses.ce_latency(r["spikes"], r["targets"], inverse="no"), "inverse must be one of negate, rec"),
        (lambda r: losses.rate_bounds(r["spikes"], 0.5, 0.1), "low and high must be 0 <= low <= high"),
        (lambda r: losses.mse_membrane(r["membrane"], r["membrane"][0]), "targets must have the shape of membrane"),
    ],
)
def test_what_does_not_fit_is_refused(record, call, message):
    with pytest.raises(DescriptionError, match=message):
        call(record)


@pytest.mark.parametrize("complement", [False, True])
def test_the_distance_along_a_tree_is_its_cost_without_the_root_and_learning_lowers_it(complement):
    from neurosim.families.discrete import spanning_tree

    weight = torch.randn((12, 30), generator=torch.Generator().manual_seed(0), requires_grad=True)

    def tree():
        return spanning_tree(np.where(weight.detach().numpy() >= 0, 1, -1), complement=complement)

    before = tree()
    parent, sign = torch.tensor(before.parent), torch.tensor(before.sign)
    loss = losses.tree_distance(weight, parent, sign)
    assert loss.item() == before.operations - 30
    loss.backward()
    with torch.no_grad():
        for _ in range(20):
            weight -= 0.05 * weight.grad
    assert tree().operations < before.operations
    with pytest.raises(DescriptionError, match=r"weight must be \(C, n\) and parent \(C,\)"):
        losses.tree_distance(weight, parent[:3])


@pytest.mark.parametrize("kind", [torch.uint8, torch.int32])
def test_class_numbers_of_any_whole_type_are_taken(kind):
    spikes, targets = (torch.rand(6, 4, 3) < 0.5).float(), torch.tensor([0, 2, 1, 0])
    for loss in (losses.ce_rate, losses.ce_count, losses.ce_membrane, losses.ce_latency, losses.mse_count):
        assert loss(spikes, targets.to(kind)) == loss(spikes, targets)
