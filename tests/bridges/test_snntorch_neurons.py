"""Fused neurons against snnTorch's own, spike by spike and gradient by gradient."""

import copy
import itertools

import pytest

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")

from snntorch import surrogate  # noqa: E402

import neurosim.bridges.snntorch as fused  # noqa: E402
from neurosim.bridges.snntorch.surrogates import surrogate_text  # noqa: E402

STEPS, COPIES, SIZE = 50, 3, 7
RESETS, DELAYS = ("subtract", "zero", "none"), ({"reset_delay": True}, {"reset_delay": False})
KINDS = {
    "Leaky": ({"beta": 0.9, "learn_beta": True}, DELAYS),
    "Lapicque": ({"beta": 0.9}, ({},)),
    "Synaptic": ({"alpha": 0.8, "beta": 0.7, "learn_beta": True, "learn_alpha": True}, DELAYS),
    "Alpha": ({"alpha": 0.9, "beta": 0.8}, ({},)),
    "RLeaky": ({"beta": 0.9, "learn_beta": True, "linear_features": SIZE}, DELAYS),
    "RSynaptic": ({"alpha": 0.7, "beta": 0.9, "linear_features": SIZE}, DELAYS[:1]),
}
CASES = [(name, {**options, "reset_mechanism": reset, **delay})
         for name, (options, delays) in KINDS.items() for reset, delay in itertools.product(RESETS, delays)]
CASES.append(("RLeaky", {"beta": 0.9, "all_to_all": False, "V": 0.5}))
FEW = {("Leaky", "subtract", True), ("Leaky", "zero", False), ("Lapicque", "subtract", None), ("Alpha", "zero", None),
       ("Synaptic", "subtract", False), ("RLeaky", "zero", True), ("RSynaptic", "subtract", True)}


def cases(few):
    """All cases; those outside ``few`` are slow, because each compiles."""
    return [pytest.param(n, o, marks=() if (n, o.get("reset_mechanism"), o.get("reset_delay")) in few
                         else pytest.mark.slow) for n, o in CASES]


class KeepsDtype(torch.autograd.Function):
    """snnTorch's fast sigmoid; its own gives float32 spikes for float64 membranes."""

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return (z > 0).to(z.dtype)

    @staticmethod
    def backward(ctx, g):
        return g / (5 * ctx.saved_tensors[0].abs() + 1.0) ** 2


def pair(name, options):
    """Ours and theirs, with the same parameters."""
    torch.manual_seed(3)
    options = {"learn_threshold": True, **options}
    ours = getattr(fused, name)(**options, spike_grad=surrogate.fast_sigmoid(slope=5), sequence=True)
    theirs = getattr(snntorch, name)(**options, spike_grad=KeepsDtype.apply)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def loop(neuron, x):
    """snnTorch's loop over steps: spikes and membranes, (T, B, N) each."""
    recurrent = isinstance(neuron, snntorch.RLeaky | snntorch.RSynaptic)
    state, found = (), []
    for now in x:
        found.append(neuron(now, *state))
        state = found[-1] if recurrent else found[-1][1:]
    return torch.stack([f[0] for f in found]), torch.stack([f[-1] for f in found])


@pytest.mark.parametrize(("name", "options"), cases(FEW))
def test_spikes_membranes_and_gradients_are_those_of_snntorch(name, options):
    ours, theirs = (n.double() for n in pair(name, options))
    x = torch.randn(STEPS, COPIES, SIZE, dtype=torch.float64) * 0.6 + 0.3
    x = (3 * x if name == "Lapicque" else x).requires_grad_()
    weight = torch.randn(2, STEPS, COPIES, SIZE, dtype=torch.float64)
    found, expected = ours(x), loop(theirs, x)
    assert 0.01 < float(expected[0].detach().mean()) < 0.99
    assert torch.equal(found[0], expected[0])
    torch.testing.assert_close(found[-1], expected[1], rtol=1e-12, atol=1e-12)
    grads = [torch.autograd.grad((s * weight[0] + m * weight[1]).sum(), [x, *n.parameters()], allow_unused=True)
             for n, (s, m) in ((ours, (found[0], found[-1])), (theirs, expected))]
    for one, two in zip(*grads, strict=True):
        if two is not None and bool(two.any()):
            torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("name", "options"), cases({("Leaky", "subtract", True)}))
def test_a_thousand_steps_in_single_precision_give_the_same_spikes(name, options):
    ours, theirs = pair(name, options)
    x = torch.randn(1000, 2, SIZE) * 0.6 + 0.3
    with torch.no_grad():
        found, expected = ours(x)[0], loop(theirs, x)[0]
    close = (loop(theirs, x)[1].detach() - ours.threshold).abs() < 1e-5  # a rounding may decide there
    first = int((found != expected).flatten(1).any(1).int().argmax()) if bool((found != expected).any()) else None
    assert first is None or bool(close[: first + 1].any())


def test_state_is_kept_as_in_snntorch_and_goes_on():
    whole, cut = (fused.Leaky(beta=0.9, init_hidden=True, sequence=True) for _ in range(2))
    x = torch.rand(20, 2, SIZE)
    parts = torch.cat([cut(x[:8]), cut(x[8:])])
    assert torch.equal(whole(x), parts) and bool(parts.any())
    cut.reset_mem()
    assert torch.equal(cut(x), parts)
    with pytest.raises(TypeError, match="takes none"):
        cut(x, torch.zeros(2, SIZE))


def test_without_sequence_a_call_is_one_step_of_snntorch():
    ours, theirs = (kind(beta=0.9) for kind in (fused.Leaky, snntorch.Leaky))
    x = torch.rand(2, SIZE)
    for one, two in zip(ours(x), theirs(x), strict=True):
        assert torch.equal(one, two)


def test_images_and_a_threshold_for_each_neuron_fit():
    threshold = torch.rand(2, 3, 4) + 0.5
    ours, theirs = (kind(beta=0.9, threshold=threshold) for kind in (fused.Leaky, snntorch.Leaky))
    ours.sequence = True
    x = torch.rand(10, 5, 2, 3, 4)
    for one, two in zip(ours(x), loop(theirs, x), strict=True):
        torch.testing.assert_close(one, two)


def test_what_cannot_be_fused_says_why_and_runs_step_by_step():
    ours, theirs = (kind(beta=0.9, inhibition=True) for kind in (fused.Leaky, snntorch.Leaky))
    ours.sequence = True
    x = torch.rand(10, 2, SIZE)
    assert "inhibition" in ours.why_not_fused
    for one, two in zip(ours(x), loop(theirs, x), strict=True):
        assert torch.equal(one, two)


def test_an_immediate_reset_of_rsynaptic_is_mended_unless_asked_for_compatibility():
    options = {"alpha": 0.2, "beta": 0.9, "all_to_all": False, "V": 0.1, "reset_delay": False, "sequence": True}
    x = torch.full((20, 1, 3), 0.2)
    with torch.no_grad():
        mended, kept = (fused.RSynaptic(**options, compat=c)(x)[-1].max().item() for c in (False, True))
    assert mended < 1.0 < kept
    delayed = snntorch.RSynaptic(**{k: v for k, v in options.items() if k not in ("sequence", "reset_delay")})
    assert torch.equal(fused.RSynaptic(**options, compat=True)(x)[0], loop(delayed, x)[0])


def test_a_fused_neuron_is_copied_after_use():
    neuron, x = fused.Leaky(beta=0.9, sequence=True), torch.rand(10, 2, SIZE)
    with torch.no_grad():
        expected = neuron(x)[0]
        neuron.reset_mem()
        assert torch.equal(copy.deepcopy(neuron)(x)[0], expected)


@pytest.mark.parametrize(("function", "text"), [
    (None, "arctan(alpha=2.0)"), (surrogate.fast_sigmoid(slope=10), "fast_sigmoid(slope=10.0)"),
    (surrogate.heaviside(), "heaviside"), (surrogate.SSO(), None), (lambda x: x, None),
    (surrogate.spike_rate_escape(), "spike_rate_escape(beta=1.0, slope=25.0)"),
])
def test_surrogates_of_snntorch_have_texts(function, text):
    assert surrogate_text(function) == text
