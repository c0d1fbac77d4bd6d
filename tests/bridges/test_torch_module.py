"""Networks as torch modules."""

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim import LIF, Network, Neurons, Poisson, SpikeGenerator, simulate  # noqa: E402
from neurosim.bridges.torch import as_module  # noqa: E402
from neurosim.connectivity import AllToAll, Bernoulli  # noqa: E402
from neurosim.errors import DescriptionError, NeurosimError  # noqa: E402

CELLS = """
dv/dt = (E_L - v + g) / tau : volt (unless refractory)
dg/dt = -g / (5*ms) : volt
tau : second
"""


def network(source=None) -> Network:
    """Five sources onto four cells, which excite each other and three more."""
    net = Network({"source": source or Poisson(5, 10.0)})
    net.add("cells", Neurons(4, CELLS, threshold="v > -50*mV", reset="v = -60*mV", refractory=0.3, E_L=-60.0,
                             initial={"v": -60.0, "tau": "(10 + 10*rand())*ms"}))
    net.add("out", LIF(3))
    net.connect("source", "cells", AllToAll(), on_pre="g += w", w="50*rand()*mV")
    net.connect("cells", "cells", Bernoulli(0.5), on_pre="g += w", w="20*rand()*mV", delay=0.3)
    net.connect("cells", "out", Bernoulli(0.8), on_pre="v += w", w=15.0, delay=0.2)
    return net


def spikes(steps: int = 200, copies: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(steps, copies, 5, generator=generator) < 0.08).double()


def made(**options):
    options = {"inputs": "source.spikes", "outputs": ["cells.spikes", "out.v"], "train": ["w", "cells.tau"], **options}
    return as_module(network(), dtype=torch.float64, **options)


def test_a_module_gives_the_spikes_that_the_simulation_gives():
    x = spikes()
    fired, v = made()(x)
    steps, _, which = np.nonzero(x.numpy())
    played = network(SpikeGenerator(5, indices=which, times=0.1 * steps))
    recording = simulate(played, 20.0, dt=0.1, record=["cells.spikes", "out.v"], backend="reference", progress=False)
    found = np.zeros((200, 4))
    found[np.round(recording["cells.spikes"].times / 0.1).astype(int), recording["cells.spikes"].indices] = 1
    assert found.sum() > 50
    np.testing.assert_array_equal(fired.detach().numpy()[:, 0], found)
    np.testing.assert_allclose(v.detach().numpy()[:, 0], recording["out.v"].values, rtol=1e-12, atol=1e-9)


def test_gradients_reach_weights_time_constants_and_the_state_that_a_run_goes_on_from():
    module = made(surrogate="fast_sigmoid(slope=1)")
    x = spikes(60, 3)
    whole = module(x)[1].sum()
    (first, state), second = module(x[:30], return_state=True), None
    second = module(x[30:], state=state)
    cut = first[1].sum() + second[1].sum()
    assert torch.allclose(whole, cut)
    for parameter, one, two in zip(module.parameters(), torch.autograd.grad(whole, list(module.parameters())),
                                   torch.autograd.grad(cut, list(module.parameters())), strict=True):
        assert one.shape == parameter.shape and bool(one.any())
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-9)


def test_batch_first_only_changes_the_order_of_the_axes():
    x = spikes(20, 3)
    torch.testing.assert_close(made(batch_first=True)(x.transpose(0, 1))[0].transpose(0, 1), made()(x)[0])


def test_a_module_is_copied_pickled_and_its_state_dict_loaded():
    module, x = made(), spikes(20)
    expected = module(x)[1]
    other = made()
    with torch.no_grad():
        next(other.parameters()).zero_()
    other.load_state_dict(module.state_dict())
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), other):
        torch.testing.assert_close(again(x)[1], expected, rtol=0, atol=0)


def test_torch_compile_leaves_the_module_as_it_is_and_compiles_what_is_around_it():
    module, x = made(outputs="out.v"), spikes(20)
    both = torch.nn.Sequential(module, torch.nn.Linear(3, 2).double())
    compiled = torch.compile(both, backend="eager")
    torch.testing.assert_close(compiled(x), both(x))
    compiled(x).sum().backward()
    assert all(p.grad is not None for p in both.parameters())


def test_a_detached_reset_is_another_gradient_of_the_same_spikes():
    x = spikes(100)
    one, two = (made(reset=r) for r in ("attached", "detached"))
    assert torch.equal(one(x)[0], two(x)[0])
    grads = [torch.autograd.grad(m(x)[1].sum(), next(m.parameters()))[0] for m in (one, two)]
    assert not torch.allclose(*grads)


@pytest.mark.parametrize(("change", "message"), [
    ({"inputs": "sourc.spikes"}, "source.spikes"), ({"train": "ww"}, "no parameter 'ww'"),
    ({"train": "out.tau"}, "declare it"), ({"surrogate": "arctn"}, "arctan"), ({"reset": "soft"}, "attached"),
    ({"memory": "none"}, "recompute"),
])
def test_a_wrong_choice_is_refused_by_name(change, message):
    with pytest.raises(NeurosimError, match=message):
        made(**change)(spikes(3))


@pytest.mark.parametrize(("x", "message"), [
    (torch.zeros(3, 5).double(), r"shape \(T, B, N\) with N = 5"), (torch.zeros(3, 1, 4).double(), "N = 5"),
    (torch.zeros(3, 1, 5).half(), "float32"), (torch.full((3, 1, 5), torch.nan).double(), "finite, got nan"),
    (torch.zeros(3, 1, 5, device="meta").double(), "cpu"),
])
def test_an_input_that_does_not_fit_is_refused(x, message):
    with pytest.raises(DescriptionError, match=message):
        made()(x)


@pytest.mark.parametrize(("surrogate", "message"), [
    ("atan", "surrogate must be a text of z or one of"), ("arctan(slope=2)", "surrogate arctan has no number 'slope'"),
])
def test_a_wrong_surrogate_is_refused_when_the_module_is_made(surrogate, message):
    with pytest.raises(DescriptionError, match=message):
        made(surrogate=surrogate)


def test_what_has_no_adjoint_is_refused_by_name():
    net = network()
    net.connect("cells", "out", Bernoulli(0.5), model="w : volt", on_pre="w += 0.1*mV; v_post += w", name="plastic")
    with pytest.raises(NeurosimError, match="MapEdges of plastic has no adjoint"):
        as_module(net, inputs="source.spikes", outputs="out.v")
