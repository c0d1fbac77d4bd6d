"""Spiking LSTM cells over whole sequences."""

import pytest

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")

from snntorch import surrogate  # noqa: E402
from snntorch_peer import assert_same_gradients, gradients, kept, loop, uncompiled  # noqa: E402

import neurosim.bridges.snntorch as fused  # noqa: E402

STEPS, COPIES, SIZE = 15, 2, 5
OWN = surrogate.fast_sigmoid(slope=5)
FEW = [("subtract", True, "reference"), ("zero", True, "reference"), ("none", False, "reference")]


def pair(size, dtype, *, wide=4.0, **options):
    """Ours and theirs, with the same weights, larger than usual so that membranes pass the threshold."""
    torch.manual_seed(2)
    options = {"threshold": 0.2, "learn_threshold": True, **options}
    ours = fused.SLSTM(size, SIZE, **options, spike_grad=OWN, sequence=True)
    theirs = snntorch.SLSTM(size, SIZE, **options, spike_grad=kept(OWN))
    with torch.no_grad():
        for weight in ours.lstm_cell.parameters():
            weight.mul_(wide)
    theirs.load_state_dict(ours.state_dict())
    return ours.to(dtype), theirs.to(dtype)


def zeros(dtype, copies=COPIES):
    return tuple(torch.zeros(copies, SIZE, dtype=dtype) for _ in range(2))


def remembering(cell, x, threshold):
    """A loop of torch's own LSTM cell without resets, which keeps its states whatever the sizes are."""
    (syn, mem), found = zeros(x.dtype), []
    for now in x:
        mem, syn = cell(now, (mem, syn))
        found.append((kept(OWN)(mem - threshold), syn, mem))
    return [torch.stack(part) for part in zip(*found, strict=True)]


@pytest.mark.parametrize(("reset", "bias", "backend"), [
    pytest.param(r, b, k, marks=() if (r, b, k) in FEW else pytest.mark.slow)
    for r in ("subtract", "zero", "none") for b in (True, False) for k in ("reference", "numba")])
def test_spikes_states_and_gradients_are_those_of_snntorch(reset, bias, backend):
    ours, theirs = pair(SIZE, torch.float64, reset_mechanism=reset, bias=bias)
    ours._run_options["backend"] = backend  # the reference compiles nothing
    x = torch.randn(STEPS, COPIES, SIZE, dtype=torch.float64, requires_grad=True)
    found, expected = ours(x), loop(theirs, x, zeros(torch.float64))
    assert ours.why_not_fused is None and 0.02 < float(expected[0].detach().mean()) < 0.98
    assert torch.equal(found[0], expected[0])
    for one, two in zip(found[1:], expected[1:], strict=True):
        torch.testing.assert_close(one, two, rtol=1e-11, atol=1e-11)
    assert_same_gradients(gradients(found, [x, *ours.parameters()]), gradients(expected, [x, *theirs.parameters()]),
                          1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("reset", ["none", "subtract", "zero"])
def test_a_thousand_steps_in_single_precision_give_the_same_spikes(reset):
    ours, theirs = pair(SIZE, torch.float32, wide=2.0, threshold=0.05, reset_mechanism=reset)
    x = torch.randn(1000, 2, SIZE)
    with torch.no_grad():
        found, expected = ours(x), loop(theirs, x, zeros(torch.float32, 2))
    apart = (found[0] != expected[0]).flatten(1).any(1)
    first = int(apart.int().argmax()) if bool(apart.any()) else None
    close = ((expected[2] - 0.05).abs() < 1e-5).flatten(1).any(1)
    assert 0.02 < float(expected[0].mean()) < 0.98
    assert first is None or bool(close[: first + 1].any())


def test_it_remembers_where_input_and_hidden_sizes_differ_unless_asked_for_compatibility():
    ours, theirs = pair(3, torch.float32, reset_mechanism="none")
    x = torch.randn(STEPS, COPIES, 3)
    with torch.no_grad():
        found, expected = ours(x), remembering(ours.lstm_cell, x, ours.threshold)
        torch.testing.assert_close(found[2], expected[2], rtol=1e-4, atol=1e-5)
        changed = x.clone()
        changed[0] += 1.0
        ours.reset_mem()
        assert not torch.equal(ours(changed)[2][1], found[2][1])
        ours.sequence = False
        torch.testing.assert_close(torch.stack([ours(now, *zeros(torch.float32))[2] if k == 0 else ours(now)[2]
                                                for k, now in enumerate(x)]), expected[2])
        ours.sequence, ours.compat = True, True
        assert "compat" in ours.why_not_fused
        forgetful = ours(x)
        assert torch.equal(forgetful[2], loop(theirs, x)[2])
        assert torch.equal(ours(changed)[2][1], forgetful[2][1])


def test_states_are_kept_and_gone_on_from():
    ours = uncompiled(pair(3, torch.float64, init_hidden=True)[0])
    x = torch.randn(STEPS, COPIES, 3, dtype=torch.float64)
    whole = ours(x)
    ours.reset_mem()
    torch.testing.assert_close(torch.cat([ours(x[:11]), ours(x[11:])]), whole)


@pytest.mark.parametrize("options", [{}, {"max_pool": 2}, {"avg_pool": 2, "reset_mechanism": "subtract"}])
def test_a_convolving_cell_runs_step_by_step_and_says_why(options):
    torch.manual_seed(0)
    ours, theirs = (kind(2, 3, 3, threshold=0.1, **options) for kind in (fused.SConv2dLSTM, snntorch.SConv2dLSTM))
    theirs.load_state_dict(ours.state_dict())
    ours.sequence = True
    x = torch.randn(6, 2, 2, 4, 4)
    assert "convolution" in ours.why_not_fused
    for one, two in zip(ours(x), loop(theirs, x), strict=True):
        assert torch.equal(one, two)
    assert bool(loop(theirs, x)[0].any())
