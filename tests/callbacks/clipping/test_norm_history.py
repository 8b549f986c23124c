"""The history of norms: its percentiles are those of numpy, whatever came and was forgotten."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.callbacks.clipping.norm_history import NormHistory

NORMS = st.lists(st.floats(0, 1e30) | st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=40)


@given(NORMS, st.floats(0.01, 100), st.none() | st.integers(1, 10))
def test_the_percentile_is_that_of_the_last_norms(norms, percentile, bound):
    history = NormHistory(bound)
    for count, norm in enumerate(norms, start=1):
        history.add(norm)
        kept = norms[:count] if bound is None else norms[:count][-bound:]
        assert list(history.norms) == kept
        assert history.percentile(percentile) == pytest.approx(np.percentile(kept, percentile), rel=1e-9)


@given(NORMS, NORMS, st.none() | st.integers(1, 10))
def test_a_history_made_of_another_goes_on_like_it(first, second, bound):
    whole = NormHistory(bound)
    for norm in first:
        whole.add(norm)
    resumed = NormHistory(bound, list(whole.norms))
    for norm in second:
        whole.add(norm)
        resumed.add(norm)
        assert whole.percentile(10.0) == resumed.percentile(10.0)
