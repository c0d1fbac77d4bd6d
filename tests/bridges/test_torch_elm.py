"""ELM neurons as modules against a plain loop in torch."""

import copy
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim import Network, TimedArray, simulate  # noqa: E402
from neurosim.bridges.torch.elm import ELMModule  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402
from neurosim.families import ELM, Afferents  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "families"))
from elm_loops import elm_loop  # noqa: E402

ROUTE = np.array([3, -1, 0, 7, 7, 2])


def made(version=2, **options):
    elm = ELM(2, inputs="lines", synapses=8 if version == 1 else ROUTE, branches=2, memory=3, version=version,
              tau_m=[3.0, 20.0, 90.0])
    return ELMModule(elm, 8, dtype=torch.float64, tau_bounds=(1.0, 150.0), threads=1, **options)


def inputs(steps=12, copies=2):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(steps, copies, 8, generator=generator, dtype=torch.float64)


def looped(module, x):
    elm = module.description
    values = {n: getattr(module, n) for n in elm.values} | {"w": torch.relu(module.w)}
    route = None if np.ndim(elm.synapses) == 0 else elm.synapses
    return elm_loop(values, module.tau_m, x, branches=2, version=elm.version, route=route, np_like=torch)


@pytest.mark.parametrize("version", [1, 2])
def test_outputs_and_all_gradients_are_those_of_a_plain_loop(version):
    module, x = made(version, train_tau=True), inputs().requires_grad_()
    y, wanted = module(x), looped(module, x)
    torch.testing.assert_close(y, wanted, rtol=1e-10, atol=1e-10)
    weight = torch.randn(y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    parameters = [x, *module.parameters()]
    assert len(parameters) == 9
    for one, two in zip(torch.autograd.grad((y * weight).sum(), parameters),
                        torch.autograd.grad((wanted * weight).sum(), parameters), strict=True):
        assert bool(two.any())
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)


def test_time_constants_are_trained_only_where_asked_and_stay_within_bounds():
    assert sum(p.numel() for p in made().parameters()) == made().description.parameter_count
    module = made(train_tau=True)
    np.testing.assert_allclose(module.tau_m.detach(), [3.0, 20.0, 90.0], rtol=1e-12)
    with torch.no_grad():
        module.raw_tau += torch.tensor([-50.0, 0.0, 50.0])
    assert module.tau_m.min() >= 1.0 and module.tau_m.max() <= 150.0


def test_what_was_trained_is_simulated():
    module, x = made(train_tau=True), inputs(20, 1)
    optimiser = torch.optim.Adam(module.parameters(), 0.05)
    before = float(module(x).detach().square().mean())
    for _ in range(15):
        optimiser.zero_grad()
        module(x).square().mean().backward()
        optimiser.step()
    assert float(module(x).detach().square().mean()) < 0.5 * before
    network = Network({"lines": Afferents(8, x=TimedArray(x[:, 0].numpy(), 1.0)), "cell": module.elm()})
    found = simulate(network, 20.0, dt=1.0, record=["cell.y"], backend="reference", dtype="float64", progress=False)
    np.testing.assert_allclose(found["cell.y"].values, module(x).detach()[:, 0], atol=1e-12)


def test_a_run_goes_on_from_its_state_and_a_module_is_copied():
    module, x = made(batch_first=True, train_tau=True), inputs()
    whole = module(x.transpose(0, 1))
    first, state = module(x[:5].transpose(0, 1), return_state=True)
    second = module(x[5:].transpose(0, 1), state=state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(copy.deepcopy(module)(x.transpose(0, 1)), whole)
    assert set(module.state_dict()) == {"w", "W1", "c1", "W2", "c2", "W_y", "b_y", "raw_tau"}


def test_what_does_not_fit_is_refused():
    with pytest.raises(DescriptionError, match="N = 8"):
        made()(torch.zeros(3, 1, 7).double())
    with pytest.raises(DescriptionError, match="tau_bounds"):
        ELMModule(made().description, 8, tau_bounds=(5.0, 150.0))
