"""A spiking language model: streaming, what it can see, and that it learns."""

import pytest

torch = pytest.importorskip("torch")

from neurosim.bridges.torch.astrocyte_language import SpikingLanguageModel  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402


def model(**options):
    options = {"width": 6, "blocks": 2, "backend": "reference", "seed": 3, **options}
    return SpikingLanguageModel("abcd", **options).double()


def drawn(steps=16, copies=2):
    return torch.randint(0, 4, (steps, copies), generator=torch.Generator().manual_seed(1))


def size(state):
    return sum(size(v) if isinstance(v, dict) else v.numel() for v in state.values())


@pytest.mark.parametrize("source", ["own", "both"])
def test_letter_by_letter_it_says_what_it_says_of_the_whole_with_a_state_of_constant_size(source):
    net, letters = model(source=source, group=2), drawn()
    whole, ends = net(letters)
    state, found, sizes = None, [], set()
    for letter in letters:
        logits, state = net(letter[None], state)
        found.append(logits)
        sizes.add(sum(size(s) for s in state))
    # sums over keys add up in another order, so the bits are not the same
    torch.testing.assert_close(torch.cat(found), whole, rtol=1e-10, atol=1e-10)
    assert sizes == {sum(size(s) for s in ends)}


def test_a_state_that_is_given_is_not_changed():
    net, letters = model(), drawn()
    _, state = net(letters[:8])
    one, two = (net(letters[8:], state)[0] for _ in range(2))
    assert torch.equal(one, two) and not torch.allclose(net(letters[8:])[0], one)


def test_no_letter_is_seen_before_it_is_read():
    net, letters = model(), drawn()
    other = letters.clone()
    other[12:] = (other[12:] + 1) % 4
    one, two = net(letters)[0], net(other)[0]
    torch.testing.assert_close(one[:12], two[:12], rtol=1e-10, atol=1e-10)
    assert not torch.allclose(one[12], two[12])


def test_gradients_reach_every_parameter():
    net = model(width=16, kappa=0.5, source="both")
    net.bits(drawn(30, 2)).backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not bool(p.grad.any())]
    assert silent == []


def test_without_modulation_neither_it_nor_astrocytes_are_trained():
    trained = {name.rpartition(".")[2] for name, _ in model(kappa=0.0).named_parameters() if ".unit." in name}
    assert trained == {"W", "raw_lam"}


def test_it_learns_an_order_of_letters_and_goes_on_with_it():
    net = SpikingLanguageModel("abcd", width=8, blocks=1, backend="reference", seed=0).double()
    letters = net.numbers("abcd" * 3)
    optimiser = torch.optim.Adam(net.parameters(), 0.05)
    for _ in range(25):
        optimiser.zero_grad()
        loss = net.bits(letters)
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.2
    assert net.sample("abc", 9, temperature=0.1) == "abcdabcdabcd"


def test_drawing_weights_leaves_the_callers_generator_and_a_seed_gives_the_same_model():
    before = torch.random.get_rng_state()
    one, two, other = model(), model(), model(seed=4)
    assert torch.equal(torch.random.get_rng_state(), before)
    letters = drawn()
    assert torch.equal(one(letters)[0], two(letters)[0]) and not torch.allclose(one(letters)[0], other(letters)[0])


@pytest.mark.parametrize(("act", "message"), [
    (lambda: SpikingLanguageModel("aba"), "each letter once, got 'aba'"),
    (lambda: SpikingLanguageModel("ab", width=0), "width"),
    (lambda: model().numbers("abx"), "letter 'x'"), (lambda: model()(drawn()[0]), r"\(T, B\) numbers"),
    (lambda: model().sample("", 3), "needs a prompt"), (lambda: model().sample("a", 3, temperature=0.0), "> 0"),
])
def test_what_does_not_fit_is_refused(act, message):
    with pytest.raises(DescriptionError, match=message):
        act()
