"""How fast a composition is, under each engine, on this machine."""

from zoo.bench.comparison import Plan, Row, check, compare, measure
from zoo.bench.compositions import composition
from zoo.bench.host import load, machine
from zoo.bench.peers import PEERS, peer_refusal
from zoo.bench.setting import DTYPES, Mode, Setting, Shape
from zoo.bench.timing import Timing

__all__ = [
    "DTYPES",
    "PEERS",
    "Mode",
    "Plan",
    "Row",
    "Setting",
    "Shape",
    "Timing",
    "check",
    "compare",
    "composition",
    "load",
    "machine",
    "measure",
    "peer_refusal",
]
