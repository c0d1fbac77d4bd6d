"""Gated units of torch in the place of leaky ones."""

import pytest

torch = pytest.importorskip("torch")

from neurosim.bridges.torch.baselines import HeadedBaseline  # noqa: E402
from neurosim.bridges.torch.timescales import accuracy  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402

CELLS = {"gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}


def made(kind):
    torch.manual_seed(0)
    return HeadedBaseline(kind, 5, lines=2, heads=3, dtype=torch.float64)


def inputs():
    return torch.randn(9, 4, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("kind", CELLS)
def test_units_are_those_of_torch_and_heads_read_the_last_step(kind):
    module, x = made(kind), inputs()
    cell = CELLS[kind](2, 5, dtype=torch.float64)
    cell.load_state_dict({n.removesuffix("_l0"): v for n, v in module.units.state_dict().items()})
    state = None
    for now in x:
        state = cell(now, state)
    last = state if kind == "gru" else state[0]
    torch.testing.assert_close(module(x, [2, 0]), torch.stack([module.heads[h](last) for h in (2, 0)]))


@pytest.mark.parametrize("kind", CELLS)
def test_a_unit_keeps_for_as_long_as_its_gate_says(kind):
    module = made(kind)
    for name, value in module.units.named_parameters():
        with torch.no_grad():
            value.zero_()
            if name == "bias_hh_l0":
                value[5:10] = torch.tensor([1.0, 3.0, 9.0, 99.0, 999.0]).double().log()  # gates of 1/2, 3/4, ...
    torch.testing.assert_close(module.timescales(inputs()), torch.tensor([2.0, 4.0, 10.0, 100.0, 1000.0]).double())


def test_the_same_measure_of_accuracy_takes_them():
    module, x = made("gru"), inputs()
    answers = module(x, [0, 1]).detach().argmax(-1).T
    assert accuracy(module, x, answers, [0, 1], start=module.drawn_start(4)).tolist() == [1.0, 1.0]


def test_a_wrong_kind_is_refused():
    with pytest.raises(DescriptionError, match="gru, lstm"):
        HeadedBaseline("rnn", 5, heads=1)
    with pytest.raises(DescriptionError, match="heads must be >= 1"):
        HeadedBaseline("gru", 5, heads=0)
