"""Attention by the papers' formulas, one query and one step of the source at a time."""

import numpy as np


def weights(score, query, memory):
    """Luong et al., 2015, equation 7: the softmax of the scores over the steps of the source."""
    e = np.array([score(query, m) for m in memory])
    return np.exp(e - e.max()) / np.exp(e - e.max()).sum()


def context(a, memory):
    """Bahdanau et al., 2015, equation 5."""
    return sum(share * m for share, m in zip(a, memory, strict=True))


def additive(W, U, v):
    """Bahdanau et al., 2015, appendix A.1.2."""
    return lambda q, m: v @ np.tanh(W @ q + U @ m)


def dot():
    """Luong et al., 2015, equation 8, first case."""
    return lambda q, m: q @ m


def general(W):
    """Luong et al., 2015, equation 8, second case."""
    return lambda q, m: q @ W @ m
