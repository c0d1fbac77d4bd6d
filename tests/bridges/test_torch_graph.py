"""Scans as nodes of torch's graph: what is changed in place, what is let go, and autocast."""

import gc
import weakref

import pytest

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")

from snntorch_peer import uncompiled  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

from neurosim.bridges.snntorch import SLSTM, LeakyParallel, LinearLeaky, RLeaky, Synaptic  # noqa: E402
from neurosim.bridges.spikingjelly import LIFNode  # noqa: E402
from neurosim.bridges.torch.elm import ELMModule  # noqa: E402
from neurosim.bridges.torch.running import DTYPES  # noqa: E402
from neurosim.bridges.torch.state_space import LSSLModule  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402
from neurosim.families import ELM, LSSL  # noqa: E402
from neurosim.training import Tape  # noqa: E402

CHANGED = "modified by an inplace operation"
MADE = {
    "RLeaky": lambda: uncompiled(RLeaky(beta=0.9, linear_features=4, sequence=True)),
    "SLSTM": lambda: uncompiled(SLSTM(4, 3, sequence=True)),
    "LinearLeaky": lambda: uncompiled(LinearLeaky(beta=0.9, in_features=4, out_features=3)),
    "LeakyParallel": lambda: uncompiled(LeakyParallel(4, 3)),
    "LIFNode": lambda: uncompiled(LIFNode(step_mode="m")),
    "ELM": lambda: ELMModule(ELM(2, inputs="lines", synapses=4, memory=3), 4, backend="reference"),
    "LSSL": lambda: LSSLModule(LSSL(4, inputs="lines", lines=4, states=3), view="recurrence", backend="reference"),
}


def recurrent(**options):
    torch.manual_seed(0)
    return uncompiled(
        RLeaky(beta=torch.tensor(0.9), learn_beta=True, linear_features=3, sequence=True, **options)
    ).double()


def drive():
    return 0.8 * torch.rand(8, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("which", [0, 1])
def test_outputs_that_the_gradient_reads_may_not_be_changed_in_place(which):
    found = recurrent()(drive())
    found[which].mul_(2.0)
    with pytest.raises(RuntimeError, match=CHANGED):
        sum(x.sum() for x in found).backward()


def test_outputs_may_be_changed_in_place_when_the_steps_are_computed_again():
    ends = []
    for in_place in (True, False):
        neuron = recurrent(memory="recompute")
        spikes, membrane = neuron(drive())
        ((membrane.mul_(2.0) if in_place else 2.0 * membrane).sum() + spikes.sum()).backward()
        ends.append(neuron.beta.grad)
    assert ends[0] == ends[1] != 0.0


@pytest.mark.parametrize("memory", ["full", "recompute"])
def test_parameters_may_not_change_between_a_run_and_its_gradient(memory):
    neuron = recurrent(memory=memory)
    found = neuron(drive())
    torch.optim.SGD(neuron.parameters(), 0.1)  # as its step would do
    with torch.no_grad():
        neuron.beta.mul_(0.5)
    with pytest.raises(RuntimeError, match=CHANGED):
        found[1].sum().backward()


def test_inputs_may_not_change_where_the_steps_are_computed_again():
    neuron, x = recurrent(memory="recompute"), drive()
    found = neuron(x)
    x.zero_()
    with pytest.raises(RuntimeError, match=CHANGED):
        found[1].sum().backward()


def test_the_tape_is_let_go_after_a_backward_run_though_the_graph_stays(monkeypatch):
    tapes = []
    begin = Tape.__init__
    monkeypatch.setattr(
        Tape, "__init__", lambda self, *a, **k: (tapes.append(weakref.ref(self)), begin(self, *a, **k))[1]
    )
    loss = recurrent()(drive())[1].sum()
    loss.backward(retain_graph=True)
    gc.collect()
    assert [tape() is not None for tape in tapes] == [True]
    loss.backward()
    gc.collect()
    assert [tape() is not None for tape in tapes] == [False]
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()


@pytest.mark.parametrize("within", ["checkpoint", "checkpoint, reentrant", "on the cpu"])
def test_gradients_are_the_same_where_torch_keeps_tensors_in_its_own_way(within):
    found = []
    for hooked in (False, True):
        neuron, x = recurrent(), drive().requires_grad_()
        if hooked and within == "on the cpu":
            with torch.autograd.graph.save_on_cpu():
                membrane = neuron(x)[1]
        elif hooked:
            membrane = checkpoint(lambda x, n=neuron: n(x)[1], x, use_reentrant="reentrant" in within)
        else:
            membrane = neuron(x)[1]
        neuron.reset_mem()  # a checkpoint runs again from the state that there is
        membrane.square().sum().backward()
        found.append((x.grad, neuron.beta.grad))
    assert all(torch.equal(one, two) and bool(two.any()) for one, two in zip(*found, strict=True))


def test_snntorch_cuts_the_states_of_sequences_off_for_truncated_gradients():
    neuron = uncompiled(Synaptic(alpha=0.8, beta=torch.tensor(0.9), learn_beta=True, init_hidden=True, sequence=True))
    for _ in range(2):
        neuron(drive().float()).sum().backward()
        assert neuron.mem.grad_fn is not None
        snntorch.Synaptic.detach_hidden()
        assert neuron.mem.grad_fn is None and neuron.syn.grad_fn is None


@pytest.mark.parametrize("kind", MADE)
def test_scans_stay_in_single_precision_under_autocast(kind):
    torch.manual_seed(2)
    net = torch.nn.Sequential(torch.nn.Linear(5, 4), MADE[kind]())
    x = torch.rand(6, 2, 5, generator=torch.Generator().manual_seed(3))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert net[0](x).dtype == torch.bfloat16
        found = net(x)
    found = found if isinstance(found, tuple) else (found,)
    sum(y.sum() for y in found).backward()
    assert all(y.dtype in DTYPES for y in found)  # the reference backend gives float64
    assert bool(net[0].weight.grad.any())


@pytest.mark.parametrize("kind", ["ELM", "LSSL"])
def test_a_state_that_is_not_of_the_scan_or_does_not_fit_it_is_refused(kind):
    module, x = MADE[kind](), torch.ones(3, 2, 4)
    _, state = module.double()(x.double(), return_state=True)
    name = next(iter(state))
    with pytest.raises(DescriptionError, match="no state 'v'; there are: .*before"):
        module(x.double(), state={"v": state[name]})
    single = {one: values.float() for one, values in state.items()}  # doubles the reference gives for any input
    for wrong, given in ((x.double()[:, :1], state), (x.double(), single)):
        with pytest.raises(DescriptionError, match=f"state '{name}' must be .* as the inputs are"):
            module(wrong, state=given)


@pytest.mark.parametrize("kind", ["ELM", "LSSL"])
def test_inputs_that_are_empty_or_not_finite_are_refused(kind):
    with pytest.raises(DescriptionError, match="and not empty, got"):
        MADE[kind]()(torch.ones(3, 0, 4))
    x = torch.ones(3, 2, 4)
    x[1, 0, 2] = torch.nan
    with pytest.raises(DescriptionError, match=r"inputs must be finite, got nan at \(1, 0, 2\)"):
        MADE[kind]()(x)


@pytest.mark.parametrize("kind", ["RLeaky", "LIFNode", "ELM"])
def test_arrays_are_refused_by_name(kind):
    with pytest.raises(DescriptionError, match="inputs must be tensors of torch, got ndarray"):
        MADE[kind]()(torch.ones(3, 2, 4).numpy())


def test_more_states_than_there_are_are_refused():
    x = torch.ones(3, 2, 4)
    with pytest.raises(TypeError, match=r"RLeaky takes 2 states \(spk, mem\), got 3"):
        MADE["RLeaky"]()(x, x[0], x[0], x[0])


def test_half_precision_is_refused_outside_of_autocast():
    with pytest.raises(DescriptionError, match=r"input must be float32 or float64, got torch\.bfloat16"):
        MADE["LIFNode"]()(torch.rand(6, 2, 4).bfloat16())
