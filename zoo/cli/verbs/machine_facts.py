"""What this machine has, and which engines can be used on it."""

import importlib.metadata
import platform
import warnings
from pathlib import Path

import torch

from zoo.bench import machine
from zoo.cells import CELLS
from zoo.cli.cores import cores
from zoo.engines import ENGINES, pick
from zoo.engines.c.build import compiler
from zoo.engines.recurrence import Recurrence

CPUINFO = Path("/proc/cpuinfo")
FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 BF16",
    "asimd": "NEON",
}
"""What the kernel calls a feature of the processor that the engine `c` uses -> what it is called."""
TYPICAL = {"scan": "mingru", "chunkwise": "gla", "fla": "gla"}
"""Engine -> a cell that it can run; an LSTM for all others."""
WIDTH = 64


def machine_facts(cpuinfo: Path = CPUINFO) -> dict[str, str]:
    """Processor, cores, compiler, torch and GPU, in words.

    Args:
        cpuinfo: Where Linux says what the processor can do.
    """
    facts, command = machine(), compiler()
    features = [name for key, name in FEATURES.items() if key in _flags(cpuinfo)]
    found = {
        "processor": ", ".join([facts["cpu"], *features]),
        "cores": f"{cores()} of {facts['cores']} may be used",
        "compiler": "none; gcc, clang or CC" if command is None else " ".join(command),
        "python": facts["python"],
        "torch": facts["torch"],
        "gpu": facts.get("gpu", "none"),
    }
    for package in ("triton", "fla-core"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def engine_facts() -> dict[str, str]:
    """Engine -> whether it can be used here, or why not; what `auto` takes for an LSTM says so."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with warnings.catch_warnings(action="ignore"):  # what is lacking stands in the table
        first = pick("auto", _recurrence("lstm"), device).name
    found = {}
    for name, engine in ENGINES.items():
        refused = engine.refusal(_recurrence(TYPICAL.get(name, "lstm")), device)
        found[name] = f"no: {refused}" if refused else "yes"
        found[name] += "; auto takes it for an LSTM" if name == first else ""
    return found


def _recurrence(cell: str) -> Recurrence:
    return CELLS[cell].spec_class().build(WIDTH, WIDTH).recurrence()


def _flags(cpuinfo: Path) -> set[str]:
    if not cpuinfo.is_file():
        return {"asimd"} if platform.machine() in ("arm64", "aarch64") else set()
    lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    return {flag for line in lines if line.startswith(("flags", "Features")) for flag in line.split()}
