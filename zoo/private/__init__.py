"""Private names of other libraries: one function for each, so that a new release is looked at in one place.

Nothing else in the zoo touches such a name (`tests/test_private.py` holds that), and each has a test that
fails, and says what it was last tried with, when it is gone or takes something else. What a class of the zoo
inherits or overrides cannot be a function; it is listed in `inherited`.
"""

TRIED_WITH = {
    "torch": "2.13.0",
    "lightning": "2.6.6",
    "jsonargparse": "4.53.0",
    "torchmetrics": "1.9.0",
    "wandb": "0.31.0",
}
"""The versions in which all of them were there and did what is said of them."""
