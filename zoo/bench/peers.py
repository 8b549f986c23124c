"""Other libraries with some of the same cells."""

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from zoo.bench.setting import Setting, Shape
from zoo.bench.work import Work, module_work
from zoo.registry import nearest
from zoo.stack import StackSpec
from zoo.wiring import PlainSpec


@final
@dataclass(frozen=True)
class Peer:
    """A library whose layers take (input_size, hidden_size, num_layers, batch_first=True), as torch's do.

    Attributes:
        package: What is imported and installed.
        classes: Registered name of a cell -> the library's class of that cell. Six of torchrecurrent's have
            other equations (NAS, SCRN, OriginalLSTM, LEM, tauGRU, MUT2): `tests/oracles/cells` says which.
    """

    package: str
    classes: Mapping[str, str] = field(default_factory=dict)


PEERS = {
    "torchrecurrent": Peer(
        "torchrecurrent",
        {
            "antisymmetric_rnn": "AntisymmetricRNN",
            "atr": "ATR",
            "brc": "BR",
            "cfn": "CFN",
            "cornn": "coRNN",
            "dsgu": "DSGU",
            "fastgrnn": "FastGRNN",
            "fastrnn": "FastRNN",
            "gated_antisymmetric_rnn": "GatedAntisymmetricRNN",
            "indrnn": "IndRNN",
            "intersection_rnn": "IntersectionRNN",
            "janet": "JANET",
            "lem": "LEM",
            "light_ru": "LightRU",
            "ligru": "LiGRU",
            "mc_lstm": "MCLSTM",
            "mgu": "MGU",
            "minimal_rnn": "MinimalRNN",
            "miru1": "MiRU1",
            "miru2": "MiRU2",
            "multiplicative_lstm": "MultiplicativeLSTM",
            "mut1": "MUT1",
            "mut2": "MUT2",
            "mut3": "MUT3",
            "nas": "NAS",
            "nbr": "NBR",
            "original_lstm": "OriginalLSTM",
            "peephole_lstm": "PeepholeLSTM",
            "ran": "RAN",
            "res_lstm": "ResLSTM",
            "scrn": "SCRN",
            "sgrn": "SGRN",
            "sgu": "SGU",
            "star": "STAR",
            "tau_gru": "tauGRU",
            "tgru": "TGRU",
            "tlstm": "TLSTM",
            "trnn": "TRNN",
            "ugrnn": "UGRNN",
            "unicornn": "UnICORNN",
            "wmclstm": "WMCLSTM",
        },
    ),
}


def find_peer(name: str) -> Peer:
    """The library of this name.

    Raises:
        ValueError: it is unknown, or not installed.
    """
    if name not in PEERS:
        raise ValueError(f"there is no peer {name!r}{nearest(name, PEERS) or ';'} Known: {', '.join(PEERS)}")
    package = PEERS[name].package
    if importlib.util.find_spec(package) is None:
        raise ValueError(f"--against {name} needs the package {package}; pip install {package}")
    return PEERS[name]


def peer_refusal(name: str, spec: StackSpec) -> str | None:
    """Why a library cannot run such a stack, or None where it can."""
    if len(set(spec.cells)) > 1 or len(set(spec.hidden_sizes)) > 1:
        return "its layers are alike"
    if spec.cells[0].key not in PEERS[name].classes:
        return f"it has no {spec.cells[0].key}"
    if set(spec.directions) != {"forward"} or any(not isinstance(each, PlainSpec) for each in spec.wirings):
        return "its layers are forward and plain"
    return None


def peer_work(name: str, spec: StackSpec, shape: Shape, setting: Setting) -> Work:
    """One run of a library's layers of the same shape."""
    peer = find_peer(name)
    cls: Any = vars(importlib.import_module(peer.package))[peer.classes[spec.cells[0].key or ""]]
    layers = cls(shape.input_size, spec.hidden_sizes[0], spec.num_layers, batch_first=True)
    layers = layers.to(**setting.place)
    return module_work(layers, lambda x: layers(x)[0], shape, setting)
