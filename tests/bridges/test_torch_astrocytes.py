"""Astrocyte-modulated neurons as modules against a plain loop in torch, and all steps at once against one by one."""

import copy
import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim import Network, TimedArray, simulate  # noqa: E402
from neurosim.bridges.torch.astrocytes import AstrocyteModulatedLIF, decayed_sum  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402
from neurosim.families import FAMILIES, Afferents, ModulatedLIF  # noqa: E402
from neurosim.families.plain import from_plain  # noqa: E402

N, M, K = 6, 5, 2
ALL = ("s", "u", "a", "m", "x")


def part(**fields):
    rng = np.random.default_rng(2)
    return ModulatedLIF(N, **{"inputs": "lines", "lines": M, "group": K, "tau_m": rng.uniform(1.5, 3.0, N),
                              "tau_a": [5.0, 20.0, 80.0], "kappa": rng.uniform(-1.0, 1.0, N), **fields})


def made(outputs=ALL, fields=None, **options):
    options = {"backend": "reference", **options}
    return AstrocyteModulatedLIF(part(**fields or {}), outputs=outputs, dtype=torch.float64, threads=1, **options)


def drawn(steps=40, copies=3, lines=M):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(steps, copies, lines, generator=generator, dtype=torch.float64)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return (z > 0).to(z.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (z,) = ctx.saved_tensors
        return gradient / (1 + (np.pi * z) ** 2)  # arctan with alpha 2


def looped(module, z):
    """The equations, step by step; everything of every step."""
    d = module.description
    lam = torch.sigmoid(module.raw_lam)
    top = lam.reshape(-1, d.group).max(dim=1).values
    rho = top + (1 - top) * torch.sigmoid(module.raw_rho)
    s = u = torch.zeros(z.shape[1], d.size, dtype=z.dtype)
    a = torch.zeros(z.shape[1], d.astrocytes, dtype=z.dtype)
    found = []
    for now in z:
        x = now @ module.W.T
        sensed = {"own": s, "input": x, "both": s + x}[d.source]
        a = rho * a + (1 - rho) * sensed.reshape(-1, d.astrocytes, d.group).mean(dim=2)
        m = module.kappa * torch.tanh(a[:, torch.arange(d.size) // d.group] - module.a0)
        kept = lam * u * (1 - s) if d.reset else lam * u
        u = kept + {"gain": (1 + m) * x, "threshold": x, "current": x + m}[d.target]
        s = Spike.apply(u - (d.theta - m if d.target == "threshold" else d.theta))
        found.append((s, u, a, m, x))
    return tuple(torch.stack(each) for each in zip(*found, strict=True))


def assert_same(one, two, parameters):
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(y.shape, generator=generator, dtype=y.dtype) for y in one]
    for y, wanted in zip(one, two, strict=True):
        torch.testing.assert_close(y, wanted, rtol=1e-10, atol=1e-10)
    grads = [torch.autograd.grad(sum((w * y).sum() for w, y in zip(weights, found, strict=True)), parameters)
             for found in (one, two)]
    for first, second in zip(*grads, strict=True):
        assert bool(second.any())
        torch.testing.assert_close(first, second, rtol=1e-10, atol=1e-10)


# the options meet in pairs: every source with every target, and without a reset once each
CASES = [(s, t, True) for s, t in itertools.product(("own", "input", "both"), ("gain", "threshold", "current"))]


@pytest.mark.parametrize(("source", "target", "reset"), [*CASES, ("own", "gain", False)])
def test_outputs_and_all_gradients_are_those_of_a_plain_loop(source, target, reset):
    compiled = {"backend": "numba"} if (source, target, reset) == ("both", "gain", True) else {}
    module = made(fields={"source": source, "target": target, "reset": reset}, **compiled)
    z = drawn().requires_grad_()
    found = module(z)
    assert 0 < float(found[0].detach().mean()) < 0.9
    assert_same(found, looped(module, z), [z, *module.parameters()])


@pytest.mark.parametrize("target", ["gain", "threshold", "current"])
def test_all_steps_at_once_are_those_one_after_another_with_their_gradients(target):
    module, z = made(fields={"source": "input", "target": target, "reset": False}), drawn(50).requires_grad_()
    _, state = module(drawn(7), return_state=True)
    state = {name: value.detach() for name, value in state.items()}
    one, ends = module(z, state=state, parallel=True, return_state=True)
    two, wanted = module(z, state=state, return_state=True)
    assert_same(one, two, [z, *module.parameters()])
    assert set(ends) == set(wanted)
    for name in ends:
        torch.testing.assert_close(ends[name], wanted[name], rtol=1e-10, atol=1e-10)


def test_all_steps_at_once_hold_in_single_precision_over_a_long_sequence():
    module = made(("u", "a"), {"source": "input", "reset": False, "tau_a": [16.0, 128.0, 1024.0]})
    z = drawn(2048, 1).float()
    for one, two in zip(module(z, parallel=True), module(z), strict=True):
        assert float((one - two).detach().abs().max() / two.detach().abs().max()) < 1e-5


def test_a_decayed_sum_is_the_sum_that_it_says():
    z, keep = drawn(9, 2, 3), torch.tensor([0.0, 0.5, 0.999], dtype=torch.float64)
    wanted = [sum(keep ** (t - j) * z[j] for j in range(t + 1)) for t in range(9)]
    torch.testing.assert_close(decayed_sum(z, keep), torch.stack(wanted), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("target", ["gain", "threshold", "current"])
def test_without_modulation_it_is_a_leaky_neuron_to_the_bit(target):
    z = drawn(100)
    spikes = [made("s", {"kappa": 0.0, "target": target, "source": source})(z) for source in ("own", "both")]
    plain = looped(made(fields={"kappa": 0.0}), z)[0]
    assert float(plain.detach().mean()) > 0.05
    assert all(torch.equal(found, plain) for found in spikes)


def test_a_run_goes_on_from_its_state_to_the_bit():
    module, z = made(batch_first=True), drawn(30).transpose(0, 1)
    whole, state, steps = module(z), None, []
    for t in range(30):
        found, state = module(z[:, t : t + 1], state=state, return_state=True)
        steps.append(found)
    for k, y in enumerate(whole):
        assert torch.equal(torch.cat([step[k] for step in steps], 1), y)
    assert {tuple(v.shape) for v in state.values()} == {(1, 3, N), (1, 3, N // K)}


def test_what_was_trained_is_simulated_and_keeps_its_order_of_time_constants():
    module, z = made(("s", "a")), drawn(40, 1)
    optimiser = torch.optim.Adam(module.parameters(), 0.3)
    before = module(z)[1].detach()
    for _ in range(12):
        optimiser.zero_grad()
        (module(z)[1] - 0.2).square().mean().backward()
        optimiser.step()
    spikes, traces = (y.detach()[:, 0].numpy() for y in module(z))
    assert np.square(traces - 0.2).mean() < 0.7 * float((before - 0.2).square().mean())
    found = module.trained()
    assert (found.tau_a > found.tau_m.reshape(-1, K).max(axis=1)).all()
    network = Network({"lines": Afferents(M, x=TimedArray(z[:, 0].numpy(), 1.0)), "units": found})
    recording = simulate(network, 40.0, dt=1.0, record=["units.s", "units.a"], backend="reference", dtype="float64",
                         progress=False)
    np.testing.assert_array_equal(recording["units.s"].values, spikes)
    np.testing.assert_allclose(recording["units.a"].values, traces, atol=1e-12)


def test_a_simulation_is_the_same_on_every_backend(backend):
    network = Network({"lines": Afferents(M, x=TimedArray(drawn(60, 1)[:, 0].numpy(), 1.0)), "units": part()})
    run = {"dt": 1.0, "record": ["units.spikes", "units.a"], "dtype": "float64", "progress": False}
    found, wanted = (simulate(network, 60.0, backend=b, **run) for b in (backend, "reference"))
    np.testing.assert_array_equal(found["units.spikes"].times, wanted["units.spikes"].times)
    np.testing.assert_allclose(found["units.a"].values, wanted["units.a"].values, atol=1e-12)


def test_a_trace_fades_with_the_time_constant_of_its_astrocyte():
    for tau in (16.0, 200.0):
        module = AstrocyteModulatedLIF(ModulatedLIF(1, inputs="lines", weights=[[2.0]], tau_a=tau, a0=0.0, kappa=0.5),
                                       outputs="m", dtype=torch.float64, backend="reference")
        z = torch.zeros(500, 1, 1, dtype=torch.float64)
        z[3] = 1.0
        m = module(z)[:, 0, 0].detach().abs()
        fallen = int(torch.nonzero(m[m.argmax() :] <= m.max() / np.e)[0])
        assert m.max() < 0.1 and abs(fallen - tau) <= 1


def test_only_what_is_asked_for_is_trained_and_a_module_is_copied():
    module = made("s", train=("kappa", "tau_a"))
    assert {n for n, _ in module.named_parameters()} == {"kappa", "raw_rho"}
    assert sum(p.numel() for p in made().parameters()) == part().parameter_count == N * M + 3 * N + N // K
    again, z = copy.deepcopy(module), drawn()
    assert torch.equal(again(z), module(z))
    module(z).sum().backward()
    assert all(bool(p.grad.any()) for p in module.parameters())


def test_a_description_is_written_down_and_read_again():
    found = part(weights=np.ones((N, M)), source="both")
    assert from_plain(found.to_dict(), FAMILIES, "family", "x") == found


@pytest.mark.parametrize(("fields", "message"), [
    ({"group": 4}, "must divide the 6 neurons, got 4"), ({"source": "all"}, "source must be one of both, input, own"),
    ({"target": "drive"}, "target must be one of current, gain, threshold"), ({"kappa": [1.0]}, r"\(6,\)"),
    ({"tau_m": 6.0}, "tau_m < tau_a"),
    ({"weights": np.ones((M, N))}, r"shape \(6, 5\)"), ({"theta": 0.0}, "theta"), ({"reset": "hard"}, "reset"),
])
def test_a_description_that_does_not_fit_is_refused_by_name(fields, message):
    with pytest.raises(DescriptionError, match=message):
        part(**fields)


def test_a_call_that_does_not_fit_is_refused():
    with pytest.raises(DescriptionError, match="M = 5"):
        made()(torch.zeros(3, 1, 4).double())
    with pytest.raises(DescriptionError, match='parallel needs source="input"'):
        made()(drawn(), parallel=True)
    with pytest.raises(DescriptionError, match="got 'lam'"):
        made(train=("lam",))
    with pytest.raises(DescriptionError, match=r"outputs must be one or several of s, u, a, m, x, got \(\)"):
        made(outputs=())
    with pytest.raises(DescriptionError, match="description must be a ModulatedLIF, got 16"):
        AstrocyteModulatedLIF(16)
    with pytest.raises(DescriptionError, match="no option 'backends'; did you mean 'backend'"):
        AstrocyteModulatedLIF(part(), backends="numba")
    with pytest.raises(DescriptionError, match="dtype must be float32 or float64, got torch.int32"):
        AstrocyteModulatedLIF(part(), dtype=torch.int32)


@pytest.mark.parametrize("parallel", [False, True])
def test_a_state_of_another_name_or_batch_is_refused_and_not_passed_over(parallel):
    module, z = made(fields={"source": "input", "reset": False}), drawn()
    _, state = module(z, return_state=True, parallel=parallel)
    for wrong, message in (
        ({"u": state["units.u.before"]}, "no state 'u'; there are: "),
        ({name: value[:, :1] for name, value in state.items()}, "state 'units.u.before' must be torch.float64"),
        (state["units.u.before"], "state must be a dict as an earlier call returned it, got Tensor"),
    ):
        with pytest.raises(DescriptionError, match=message):
            module(z, state=wrong, parallel=parallel)


def test_the_reference_goes_on_from_its_own_state_in_single_precision():
    module = AstrocyteModulatedLIF(part(), train="kappa", backend="reference")
    z = drawn().float()
    whole, (first, state) = module(z), module(z[:4], return_state=True)
    assert torch.equal(torch.cat([first, module(z[4:], state=state)]), whole)
    assert [name for name, _ in module.named_parameters()] == ["kappa"]
