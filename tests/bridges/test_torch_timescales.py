"""Rate units with heads as modules against a plain loop in torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim import Network, TimedArray, simulate  # noqa: E402
from neurosim.bridges.torch.timescales import HeadedRNN, accuracy  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402
from neurosim.families import Afferents, LeakyRNN  # noqa: E402


def made():
    torch.manual_seed(0)
    return HeadedRNN(LeakyRNN(6, inputs="lines", seed=3), heads=3, dtype=torch.float64, threads=1)


def bits(steps=15, copies=4):
    return (torch.rand(steps, copies, 1, generator=torch.Generator().manual_seed(1)) < 0.5).double()


def looped(module, x, r):
    v = {n: module.parameter(n) for n in ("W", "b_r", "W_in", "b_in", "tau")}
    share = 1 / torch.clamp(v["tau"], min=1)
    for now in x:
        drive = r @ v["W"].T + v["b_r"] + now @ v["W_in"].T + v["b_in"]
        r = torch.nn.functional.leaky_relu((1 - share) * r + share * drive, 0.01)
    return r


def test_logits_and_gradients_are_those_of_a_plain_loop():
    module, x = made(), bits()
    with torch.no_grad():
        module.parameter("tau")[0] = 0.7
    start = module.drawn_start(4).double()
    found = module(x, [0, 2], start=start)
    last = looped(module, x, start)
    wanted = torch.stack([module.heads[h](last) for h in (0, 2)])
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)
    parameters = [module.parameter(n) for n in ("W", "b_r", "W_in", "b_in", "tau")] + [module.heads[2].weight]
    for one, two in zip(torch.autograd.grad(found.square().sum(), parameters),
                        torch.autograd.grad(wanted.square().sum(), parameters), strict=True):
        assert bool(two.any())
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)
    # a time constant below 1 is taken for 1 and has no slope
    assert torch.autograd.grad(module(x, [0]).sum(), module.parameter("tau"))[0][0] == 0


def test_no_unit_is_connected_to_itself_after_a_step():
    module = made()
    optimiser = torch.optim.SGD(module.parameters(), 0.5)
    module(bits(), [0]).sum().backward()
    optimiser.step()
    assert bool(module.parameter("W").diagonal().any())
    module(bits(), [0])
    assert not bool(module.parameter("W").diagonal().any())


def test_what_was_trained_is_simulated():
    module, x = made(), bits(20, 1)
    network = Network({"lines": Afferents(1, x=TimedArray(x[:, 0].numpy(), 1.0)), "units": module.rnn()})
    found = simulate(network, 20.0, dt=1.0, record=["units.r"], backend="reference", dtype="float64", progress=False)
    np.testing.assert_allclose(found["units.r"].values, module.rates(x).detach()[:, 0], atol=1e-12)


def test_an_ablated_unit_says_nothing_to_anyone():
    module, x = made(), bits()
    module.ablate(2)
    before = module(x, [0, 1, 2]).detach()
    with torch.no_grad():
        module.parameter("b_r")[2] += 5.0
    assert torch.equal(module(x, [0, 1, 2]).detach(), before)


def test_a_perturbation_has_the_size_asked_for():
    module = made()
    for name in ("W", "tau"):
        old = module.parameter(name).detach().clone()
        module.perturb(name, 0.1)
        change = module.parameter(name).detach() - old
        assert float(change.norm() / old.norm()) == pytest.approx(0.1)
    assert bool((change > 0).all())
    with pytest.raises(DescriptionError, match="'W' or 'tau'"):
        module.perturb("b_r", 0.1)


def test_accuracy_counts_right_answers_by_head():
    module, x = made(), bits()
    answers = module(x, [0, 1]).detach().argmax(-1).T
    answers[0, 1] = 1 - answers[0, 1]
    assert accuracy(module, x, answers, [0, 1]).tolist() == [1.0, 0.75]
