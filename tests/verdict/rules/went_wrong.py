"""The loss of a run has risen for good."""

from zoo.verdict.history import History, Onset

ONSETS = (Onset(230, "most steps begin to be clipped"), Onset(240, "the loss rises, from 0.3 to 2.3"))
CASE = (
    {"history": History(onsets=ONSETS)},
    "in step 230, as far as was logged: most steps begin to be clipped; then, in step 240, the loss rises",
    "",
)
