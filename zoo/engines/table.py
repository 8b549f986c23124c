"""The engines by name. Each is imported when it is first asked for, and none of them before."""

import importlib
import warnings
from collections.abc import Iterator, Mapping
from functools import cache

from zoo.engines.base import Engine

DEPRECATED = {"compiled": "c", "fused": "eager"}
"""Names of earlier versions -> today's; recipes and checkpoints that hold them are still read."""


class EngineTable(Mapping[str, Engine]):
    """Name -> engine, also under its deprecated name.

    Args:
        targets: Name -> `"module:Class"`.
    """

    def __init__(self, targets: Mapping[str, str]) -> None:
        self.targets = dict(targets)
        self._made: dict[str, Engine] = {}

    def __getitem__(self, name: str) -> Engine:
        name = engine_name(name)
        if name not in self._made:
            module, _, qualname = self.targets[name].partition(":")
            self._made[name] = vars(importlib.import_module(module))[qualname]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        # Mapping's own would import an engine to find out
        return name in self.targets or name in DEPRECATED

    def __iter__(self) -> Iterator[str]:
        return iter(self.targets)

    def __len__(self) -> int:
        return len(self.targets)


ENGINES = EngineTable(
    {
        "native": "zoo.engines.native:NativeEngine",
        "c": "zoo.engines.c.engine:CEngine",
        "scan": "zoo.engines.scan.engine:ScanEngine",
        "chunkwise": "zoo.engines.chunkwise:ChunkwiseEngine",
        "fla": "zoo.engines.fla:FlaEngine",
        "eager": "zoo.engines.eager.engine:EagerEngine",
        "triton": "zoo.engines.triton.engine:TritonEngine",
        "reference": "zoo.engines.reference:ReferenceEngine",
    }
)


def engine_name(name: str) -> str:
    """Today's name of an engine; any other name as it is. A deprecated one gives one warning."""
    if name in DEPRECATED:
        _warn_deprecated(name)
    return DEPRECATED.get(name, name)


@cache
def _warn_deprecated(name: str) -> None:
    warnings.warn(
        f"engine {name!r} is deprecated and will go; use engine {DEPRECATED[name]!r}, its new name",
        # Python hides a DeprecationWarning from users
        FutureWarning,
        stacklevel=3,
    )
