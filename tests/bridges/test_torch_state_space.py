"""Linear state-space layers as modules: both views, their gradients, and the way back into a simulation."""

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim import Network, TimedArray, simulate  # noqa: E402
from neurosim.bridges.torch.state_space import LSSLBlock, LSSLModule  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402
from neurosim.families import LSSL, Afferents  # noqa: E402
from neurosim.tasks import Delay  # noqa: E402


def made(view="convolution", matrix="legs", dtype=torch.float64, **options):
    lssl = LSSL(4, inputs="lines", lines=2, states=5, matrix=matrix, tau=[8.0, 30.0])
    return LSSLModule(lssl, view=view, dtype=dtype, **options)


def inputs(steps=23, copies=3, dtype=torch.float64):
    return torch.randn(steps, copies, 2, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("matrix", ["legs", "legt"])
def test_both_views_give_the_same_outputs_and_gradients(matrix):
    x = inputs().requires_grad_()
    weight = torch.randn(23, 3, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = []
    for view in ("convolution", "recurrence"):
        module = made(view, matrix, train_tau=True, **({"threads": 1} if view == "recurrence" else {}))
        y = module(x)
        found.append((y, *torch.autograd.grad((y * weight).sum(), [x, module.C, module.D, module.log_tau])))
    for one, two in zip(*found, strict=True):
        assert bool(two.any())
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-10)


def test_views_agree_in_single_precision():
    x = inputs(200, dtype=torch.float32)
    one, two = (made(view, dtype=torch.float32)(x) for view in ("convolution", "recurrence"))
    torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-4)


def test_what_was_trained_is_simulated():
    module, x = made(train_tau=True), inputs(20, 1)
    optimiser = torch.optim.Adam(module.parameters(), 0.05)
    before = float(module(x).detach().square().mean())
    for _ in range(15):
        optimiser.zero_grad()
        module(x).square().mean().backward()
        optimiser.step()
    assert float(module(x).detach().square().mean()) < 0.7 * before
    assert (module.taus.detach() - torch.tensor([8.0, 30.0])).abs().min() > 0.1
    network = Network({"lines": Afferents(2, x=TimedArray(x[:, 0].numpy(), 1.0)), "layer": module.lssl()})
    found = simulate(network, 20.0, dt=1.0, record=["layer.y"], backend="reference", dtype="float64", progress=False)
    np.testing.assert_allclose(found["layer.y"].values, module(x).detach()[:, 0], atol=1e-11)


def test_a_recurrence_goes_on_from_its_state():
    module, x = made("recurrence", batch_first=True), inputs().transpose(0, 1)
    first, state = module(x[:, :9], return_state=True)
    torch.testing.assert_close(torch.cat([first, module(x[:, 9:], state=state)], 1), module(x))
    with pytest.raises(DescriptionError, match="view='recurrence'"):
        made()(inputs(), return_state=True)


def test_kept_powers_follow_the_time_constants():
    module, x = made(), inputs()
    before = module(x)
    module.load_state_dict({**module.state_dict(), "log_tau": torch.log(torch.tensor([3.0, 70.0]).double())})
    other = LSSLModule(LSSL(4, inputs="lines", lines=2, states=5, tau=[3.0, 70.0]), dtype=torch.float64)
    torch.testing.assert_close(module(x), other(x))
    assert not torch.allclose(module(x), before)
    assert set(module.state_dict()) == {"C", "D", "log_tau"}
    assert [n for n, _ in module.named_parameters()] == ["C", "D"]


def test_a_module_is_copied_and_pickled():
    module, x = made("recurrence"), inputs()
    wanted = module(x).detach()
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(other(x), wanted)


def test_a_block_learns_to_say_what_was_some_time_ago():
    torch.manual_seed(0)
    task = Delay(steps=80, lag=15, cutoff=0.06)
    block = LSSLBlock(LSSL(8, inputs="lines", lines=8, states=16, tau=30.0), dtype=torch.float32)
    head = torch.nn.Linear(8, 1)
    optimiser = torch.optim.Adam([*block.parameters(), *head.parameters()], 0.02)
    for step in range(120):
        trials = task.draw(16, seed=step)
        x = torch.from_numpy(trials.time_first())
        wanted = torch.from_numpy(trials.targets).transpose(0, 1)
        loss = (head(block(x.expand(-1, -1, 8))) - wanted)[30:].square().mean()  # about 1 is the error of saying 0
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.3


def test_what_does_not_fit_is_refused():
    with pytest.raises(DescriptionError, match="N = 2"):
        made()(torch.zeros(3, 1, 4).double())
    with pytest.raises(DescriptionError, match="convolution, recurrence"):
        made("both")
