"""The patients of `tests/clinic.py`: recipes with an illness that is known, or without one."""

from dataclasses import dataclass
from typing import Any

ENCODER, NETWORK, RATE = "model.network.encoder", "model.network", "model.optimizer.lr"
"""Where in a recipe the options of most patients stand."""

NAN, SCALE, CONSTANT, TARGETS = (
    "NaN in the data",
    "inputs not scaled",
    "constant inputs",
    "targets not scaled",
)
LABELS, LEAK = "one class fills the labels", "splits share sequences"
FLOW, EMBEDDING, FORGET, LR = (
    "nothing flows",
    "embedding too large",
    "forget gate starts shut",
    "learning rate",
)
DEPTH = ("deep without a way past", "vanishes with depth", "explodes with depth")
FADES, GROWS = ("vanishes through time", "learns nothing"), ("explodes through time", "non-finite")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """A network, and what is wrong with it.

    Attributes:
        name: Its name, which no other patient has.
        task: The recipe that it is one of.
        options: What of it is otherwise, as on the command line.
        data: What is wrong with its data; a key of `ward.sickness.CHANGES`, or leak.
        hurt: What is done to its weights; a key of `ward.sickness.HURTS`.
        right: Rules of which one has to be said first; none of a healthy one.
        steps: Steps of a training.
        heals: Whether training takes the illness away, so that the trained network may be called healthy.
    """

    name: str
    task: str
    options: tuple[str, ...] = ()
    data: str = ""
    hurt: str = ""
    right: tuple[str, ...] = ()
    steps: int = 200
    heals: bool = False


def _cell(name: str, **options: object) -> str:
    """The option that names a cell and gives it options."""
    parts = ", ".join([f"name: {name}", *(f"{key}: {value}" for key, value in options.items())])
    return f"{ENCODER}.cell={{{parts}}}"


def _deep(layers: int, wiring: str = "plain", *others: str) -> tuple[str, ...]:
    return (f"{ENCODER}.num_layers={layers}", f"{ENCODER}.wiring={wiring}", *others)


def _sick(name: str, task: str, right: tuple[str, ...], *options: str, **others: Any) -> Patient:
    return Patient(name=f"{task}, {name}", task=task, options=options, right=right, **others)


def _well(name: str, task: str, *options: str, hurt: str = "") -> Patient:
    return Patient(name=f"{task}, {name}", task=task, options=options, hurt=hurt)


HEALTHY = (
    _well("LSTM", "digits"),
    _well("GRU", "digits", _cell("gru")),
    _well("LSTM, 2 layers", "digits", *_deep(2)),
    _well("Elman", "digits", _cell("elman")),
    _well("forget bias 3", "digits", _cell("lstm", forget_bias=3.0)),
    _well("SGD at 1", "digits", "model.optimizer={name: SGD, lr: 1.0}"),
    _well("mean of the outputs", "digits", f"{NETWORK}.pooling=mean"),
    _well(
        "4 residual BiLSTM layers, maximum",
        "digits",
        *_deep(4, "residual", f"{ENCODER}.direction=bidirectional", f"{NETWORK}.pooling=max"),
    ),
    _well("8 residual layers", "digits", *_deep(8, "residual")),
    _well("4 highway layers", "digits", *_deep(4, "highway")),
    _well(
        "clipped at 0.1",
        "digits",
        "trainer.callbacks=[{class_path: GradientClipping, init_args: {max_norm: 0.1}}]",
    ),
    _well("not clipped", "digits", "trainer.callbacks=[]"),
    _well("layer norm", "digits", _cell("layernorm_lstm")),
    _well("rectified", "digits", _cell("elman", activation="relu"), f"{RATE}=0.002"),
    _well("GRU", "adding"),
    _well("rectified, recurrence x1.5", "adding", _cell("elman", activation="relu"), hurt="gain 1.5"),
    _well("GRU, maximum", "adding", f"{NETWORK}.pooling=max"),
    _well("LSTM over 10 steps", "adding", _cell("lstm"), "data.length=10"),
    _well("2 residual GRU layers, mean", "adding", *_deep(2, "residual"), f"{NETWORK}.pooling=max"),
    _well("LSTM", "agreement"),
    _well("GRU", "agreement", _cell("gru")),
    _well("2 LSTM layers", "agreement", *_deep(2)),
    _well("MGU", "agreement", _cell("mgu")),
)
ILL = (
    _sick("Adam at 1", "digits", (LR,), f"{RATE}=1.0"),
    _sick("Adam at 0.3", "digits", (LR,), f"{RATE}=0.3"),
    _sick("Adam at 1e-8", "digits", (LR,), f"{RATE}=1.0e-8"),
    _sick("Adam at 1e-5", "digits", (LR,), f"{RATE}=1.0e-5"),
    _sick("SGD at 100", "digits", (LR,), "model.optimizer={name: SGD, lr: 100.0}"),
    _sick("SGD at 1e-4", "digits", (LR,), "model.optimizer={name: SGD, lr: 1.0e-4}"),
    _sick("Adam at 1", "adding", (LR,), f"{RATE}=1.0"),
    _sick("Adam at 1e-8", "adding", (LR,), f"{RATE}=1.0e-8"),
    _sick("Adam at 1e-5, maximum", "adding", (LR,), f"{RATE}=1.0e-5", f"{NETWORK}.pooling=max"),
    _sick("Adam at 1", "agreement", (LR,), f"{RATE}=1.0"),
    _sick("Adam at 1e-8", "agreement", (LR,), f"{RATE}=1.0e-8"),
    _sick("20 plain Elman layers", "digits", DEPTH, *_deep(20, "plain", _cell("elman"), f"{RATE}=0.001")),
    _sick("12 plain layers", "digits", DEPTH, *_deep(12)),
    _sick("8 plain layers", "digits", DEPTH, *_deep(8)),
    _sick(
        "20 highway layers, carry 3",
        "digits",
        DEPTH,
        *_deep(20, "{name: highway, carry_bias: 3.0}", f"{RATE}=0.001"),
    ),
    _sick("dead rectifiers", "digits", (FLOW,), _cell("elman", activation="relu"), hurt="dead relu"),
    _sick("dead rectifiers", "agreement", (FLOW,), _cell("elman", activation="relu"), hurt="dead relu"),
    _sick("head of zeros", "digits", (FLOW,), hurt="zero head", heals=True),
    _sick("head of zeros", "adding", (FLOW,), hurt="zero head", heals=True),
    _sick("head of zeros", "agreement", (FLOW,), hurt="zero head", heals=True),
    _sick("forget bias -5", "digits", (FORGET,), _cell("lstm", forget_bias=-5.0)),
    _sick("forget bias -5", "adding", (FORGET,), _cell("lstm", forget_bias=-5.0), f"{NETWORK}.pooling=max"),
    _sick("forget bias -5", "agreement", (FORGET,), _cell("lstm", forget_bias=-5.0)),
    _sick("embedding x400", "agreement", (EMBEDDING,), hurt="embedding x400"),
    _sick("inputs x1000", "digits", (SCALE,), data="x1000"),
    _sick("inputs x0.0001", "digits", (SCALE,), data="x0.0001"),
    _sick("inputs +100", "digits", (SCALE,), data="+100"),
    _sick("inputs x1000", "adding", (SCALE,), data="x1000"),
    _sick("inputs +100", "adding", (SCALE,), data="+100"),
    _sick("constant inputs", "digits", (CONSTANT,), data="constant"),
    _sick("targets x1000", "adding", (TARGETS,), data="y x1000"),
    _sick("targets +100", "adding", (TARGETS,), data="y +100"),
    _sick("NaN", "digits", (NAN,), data="nan"),
    _sick("NaN", "adding", (NAN,), data="nan"),
    _sick("NaN in the targets", "adding", (NAN,), data="target nan"),
    _sick("one class", "digits", (LABELS,), data="one class"),
    _sick("one class", "agreement", (LABELS,), data="one class"),
    _sick("validation in training", "digits", (LEAK,), data="leak"),
    _sick("Elman over 30 steps", "adding", FADES, _cell("elman")),
    _sick("recurrence x0.5", "adding", FADES, _cell("elman"), hurt="gain 0.5"),
    _sick("recurrence x0.2", "adding", FADES, _cell("elman"), hurt="gain 0.2"),
    _sick("GRU over 60 steps", "adding", FADES, "data.length=60"),
    _sick("LSTM over 30 steps", "adding", FADES, _cell("lstm")),
    _sick("linear, recurrence x1.5", "adding", GROWS, _cell("elman", activation="identity"), hurt="gain 1.5"),
)
BOTH = (
    _sick("NaN, Adam at 1", "digits", (NAN, LR), f"{RATE}=1.0", data="nan"),
    _sick("x1000, forget bias -5", "digits", (SCALE, FORGET), _cell("lstm", forget_bias=-5.0), data="x1000"),
    _sick("Elman, Adam at 1", "adding", (LR, *FADES), _cell("elman"), f"{RATE}=1.0"),
    _sick("x400, Adam at 1", "agreement", (EMBEDDING, LR), f"{RATE}=1.0", hurt="embedding x400"),
    _sick("head of zeros, Adam at 1e-8", "agreement", (FLOW, LR), f"{RATE}=1.0e-8", hurt="zero head"),
)
LATER = (
    _sick("layer norm, 12 blank steps", "digits", ("non-finite",), _cell("layernorm_lstm"), data="blank"),
    _sick("rectified, recurrence x4", "adding", GROWS, _cell("elman", activation="relu"), hurt="gain 4"),
    _sick("linear, recurrence x1.5", "digits", GROWS, _cell("elman", activation="identity"), hurt="gain 1.5"),
    _sick("Adam at 0.5", "agreement", (LR,), f"{RATE}=0.5"),
    _sick("GRU, Adam at 0.3", "digits", (LR,), _cell("gru"), f"{RATE}=0.3"),
    _sick("GRU, Adam at 1e-6", "agreement", (LR,), _cell("gru"), f"{RATE}=1.0e-6"),
    _sick("16 plain GRU layers", "digits", DEPTH, *_deep(16, "plain", _cell("gru"))),
    _sick("10 plain layers", "agreement", DEPTH, *_deep(10)),
    _sick("Elman over 60 steps", "adding", FADES, _cell("elman"), "data.length=60"),
    _sick(
        "forget bias -5, 2 layers", "digits", (FORGET,), *_deep(2, "plain", _cell("lstm", forget_bias=-5.0))
    ),
    _sick("GRU, targets x1000, +100", "adding", (TARGETS,), data="y x1000 +100"),
    _sick("frozen by zeros", "digits", (FLOW,), hurt="all zero"),
    _well("identity recurrence, rectified", "adding", _cell("elman", activation="relu"), hurt="identity"),
    _well("20 residual layers", "digits", *_deep(20, "residual")),
    _well("20 residual GRU layers", "digits", *_deep(20, "residual", _cell("gru"))),
    _well("bidirectional", "agreement", f"{ENCODER}.direction=bidirectional"),
    _well("MGU", "adding", _cell("mgu")),
    _well("forget bias 3", "agreement", _cell("lstm", forget_bias=3.0)),
    _well("CIFG", "digits", _cell("cifg")),
    _sick("SGD at 0.5", "agreement", (LR,), "model.optimizer={name: SGD, lr: 0.5}"),
)
FRESH = (
    _sick("peephole LSTM, Adam at 1e-6", "digits", (LR,), _cell("peephole_lstm"), f"{RATE}=1.0e-6"),
    _sick("CIFG, SGD at 200", "agreement", (LR,), _cell("cifg"), "model.optimizer={name: SGD, lr: 200.0}"),
    _sick("Elman over 100 steps", "adding", FADES, _cell("elman"), "data.length=100"),
    _sick("MGU over 100 steps", "adding", FADES, _cell("mgu"), "data.length=100"),
    _sick("14 plain MGU layers", "digits", DEPTH, *_deep(14, "plain", _cell("mgu"))),
    _sick("14 plain GRU layers", "agreement", DEPTH, *_deep(14, "plain", _cell("gru"))),
    _sick("CIFG, inputs x1000", "adding", (SCALE,), _cell("cifg"), "data.length=20", data="x1000"),
    _sick("MGU, NaN", "digits", (NAN,), _cell("mgu"), data="nan"),
    _sick(
        "linear over 20 steps, recurrence x4",
        "adding",
        GROWS,
        _cell("elman", activation="identity"),
        "data.length=20",
        hurt="gain 4",
    ),
    _sick(
        "peephole LSTM, head of zeros",
        "digits",
        (FLOW,),
        _cell("peephole_lstm"),
        hurt="zero head",
        heals=True,
    ),
    _well("UGRNN", "digits", _cell("ugrnn")),
    _well("peephole LSTM", "agreement", _cell("peephole_lstm")),
    _well("CIFG over 12 steps", "adding", _cell("cifg"), "data.length=12"),
    _well("3 residual MGU layers", "digits", *_deep(3, "residual", _cell("mgu"))),
    _well("5 residual LSTM layers", "agreement", *_deep(5, "residual")),
)
"""Written before any of them was run; no rule was changed by what they showed."""
EARLIER = sorted((*HEALTHY, *ILL, *BOTH), key=lambda patient: patient.name)
"""Rules and thresholds may be fitted on those at even places; until their second writing they were judged on
the others."""
PATIENTS = [
    *EARLIER,
    *(patient for group in (LATER, FRESH) for patient in sorted(group, key=lambda each: each.name)),
]
"""All of them; those at the end came when the rules stood, and are judged only."""
