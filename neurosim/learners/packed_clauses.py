"""Kernels of a Tsetlin machine with its clauses packed into words.

Why beside the operations: in a program every automaton is looked at in every step, and a literal takes a float. Here 64
literals take a word, a clause is a few bitwise ands, and only clauses that get feedback touch their automata, which
for ten classes is a tenth of them or less. The draws are those of the program of ``TsetlinMachine``: the same counters
give the same words, and every comparison is between whole numbers.

Arrays: states (clauses, L) int32, included and the false literals of samples in words (.., W) uint64, W = ceil(L / 64).
"""

import numpy as np

from ..kernels.prelude import compiled, inlined, philox, philox_block


@inlined
def holds(included, false, clause, sample):
    """Whether no included literal is false; true for an empty clause."""
    blocked = np.uint64(0)
    for w in range(included.shape[1]):
        blocked |= included[clause, w] & false[sample, w]
    return blocked == 0


@inlined
def pack(states, included, clause, bound):
    """The words of a clause from the states of its automata."""
    literals = states.shape[1]
    for w in range(included.shape[1]):
        word = np.uint64(0)
        for k in range(w * 64, min(w * 64 + 64, literals)):
            if states[clause, k] > bound:
                word |= np.uint64(1) << np.uint64(k - w * 64)
        included[clause, w] = word


@inlined
def draw_words(first, count, step, stream, low, high, words):
    """The words of the indices ``first`` to ``first + count - 1``; gives the place of the first in ``words``."""
    block = first >> 6
    last = (first + count - 1) >> 6
    for b in range(block, last + 1):
        start = (b - block) * 64
        philox_block(b, step, 0, stream, low, high, words[start : start + 64])
    return first - (block << 6)


@inlined
def recognise(state, literal, word, output, weakening, boost, bound):
    """Type I feedback to the automata of one clause; whether one of them has crossed the bound."""
    crossed = np.int32(0)
    top = np.int32(2 * bound)
    for k in range(state.size):
        old = state[k]
        low = np.int32(np.int32(word[k] >> np.uint32(8)) < weakening)
        seen = np.int32(literal[k]) & output
        change = np.int32(seen & ((np.int32(1) - low) | boost)) - np.int32((np.int32(1) - seen) & low)
        new = np.int32(min(max(np.int32(old + change), np.int32(1)), top))
        state[k] = new
        crossed |= np.int32((old > bound) != (new > bound))
    return crossed


@inlined
def reject(state, literal, bound):
    """Type II feedback to the automata of a clause that holds; whether one of them has crossed the bound."""
    crossed = np.int32(0)
    for k in range(state.size):
        old = state[k]
        grows = np.int32(old <= bound) & (np.int32(1) - np.int32(literal[k]))
        state[k] = np.int32(old + grows)
        crossed |= grows & np.int32(old == bound)
    return crossed


@inlined
def draw_other(label, classes, step, stream, low, high):
    """The class that is taught with target 0."""
    word, _, _, _ = philox(
        np.uint64(0), np.uint64(step & 0xFFFFFFFF), np.uint64(step >> 32), np.uint64(stream),
        np.uint64(low), np.uint64(high),
    )  # fmt: skip
    shift = 1 + ((np.int64(word >> np.uint32(16)) * (classes - 1)) >> 16)
    return (label + shift) % classes


@inlined
def vote(included, false, first, sample, outputs):
    """What the clauses of a class say, into ``outputs``; the sum of their votes."""
    total = 0
    for j in range(outputs.size):
        outputs[j] = np.int32(holds(included, false, first + j, sample))
        total += outputs[j] * (1 - 2 * (j & 1))
    return total


@compiled
def train_packed(
    states, included, literals, false, labels, epochs, first_step, streams, low, high, classes, threshold, bound,
    weakening, boost, words, outputs,
):  # fmt: skip
    """Teach every sample, in order, ``epochs`` times. ``streams`` are those of teacher, clauses and automata."""
    clauses, size = outputs.size, states.shape[1]
    for shown in range(epochs * labels.size):
        n, step = shown % labels.size, first_step + shown
        if labels[n] < 0:
            continue
        other = draw_other(labels[n], classes, step, streams[0], low, high)
        for target in range(1, -1, -1):
            first = (labels[n] if target == 1 else other) * clauses
            v = min(max(vote(included, false, first, n, outputs), -threshold), threshold)
            chance = (threshold - v if target == 1 else threshold + v) << 16
            place = draw_words(first, clauses, step, streams[1], low, high, words[1])
            for j in range(clauses):
                recognises = target == 1 - (j & 1)
                drawn = np.int64(words[1, place + j] >> np.uint32(16)) * 2 * threshold < chance
                if not drawn or not (recognises or outputs[j]):
                    continue
                state, crossed = states[first + j], np.int32(0)
                if recognises:
                    at = draw_words((first + j) * size, size, step, streams[2], low, high, words[0])
                    word = words[0, at : at + size]
                    crossed = recognise(state, literals[n], word, outputs[j], weakening, boost, bound)
                else:
                    crossed = reject(state, literals[n], bound)
                if crossed:
                    pack(states, included, first + j, bound)


@compiled
def pack_all(states, included, bound):
    """The words of all clauses."""
    for clause in range(states.shape[0]):
        pack(states, included, clause, bound)


@compiled
def score_packed(included, false, classes, threshold, found):
    """Scores (n, C) of samples; an empty clause says nothing."""
    clauses = included.shape[0] // classes
    for n in range(false.shape[0]):
        for c in range(classes):
            total = 0
            for j in range(clauses):
                clause = c * clauses + j
                empty = True
                for w in range(included.shape[1]):
                    if included[clause, w]:
                        empty = False
                if not empty and holds(included, false, clause, n):
                    total += 1 - 2 * (j & 1)
            found[n, c] = min(max(total, -threshold), threshold)
