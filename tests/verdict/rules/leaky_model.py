"""A language model has read what it predicts."""

CASE = (
    {"validated": {"leaky_loss": [0.4, 0.03]}},
    "The loss of 0.03 nats per token is that of copying",
    "",
)
