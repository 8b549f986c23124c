"""Compiles a C file once, and keeps the library for next time."""

import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from zoo.cache import UNFINISHED, is_whole, keep, kept_folder

logger = logging.getLogger(__name__)

# without errno and traps loops that call exp become vectors; -ffast-math would rule out NaN
FLAGS = ["-O3", "-march=native", "-fPIC", "-shared", "-fopenmp", "-fno-math-errno", "-fno-trapping-math"]
FLAVOURS = [["-DVECTOR_MATH", "-lmvec", "-lm"], ["-lm"]]
"""With the C library's vector functions where it has them, and without."""
ATTEMPTS = 5
"""How often a library is compiled that another process removes at once."""


class CannotCompileError(RuntimeError):
    """There is no C compiler, or it failed; the message says which."""


@cache
def compiler() -> tuple[str, ...] | None:
    """The command of the C compiler: `$CC`, gcc, clang or cc, whichever is found first."""
    commands = [shlex.split(os.environ.get("CC", "")), ["gcc"], ["clang"], ["cc"]]
    found = (((shutil.which(command[0]) or ""), *command[1:]) for command in commands if command)
    return next((command for command in found if command[0]), None)


def load_library(source: str, name: str) -> ctypes.CDLL:
    """The library made of a C file, compiled now unless it was before.

    Raises:
        CannotCompileError: there is no compiler, or it fails, or the library cannot be kept.
    """
    command = compiler()
    if command is None:
        raise CannotCompileError("there is no C compiler; install gcc or clang, or set CC")
    parts = [source, *FLAGS, *command, _version(command), _processor()]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    errors = []
    for flavour in FLAVOURS:
        try:
            library = kept_folder() / f"{name}-{key[:24]}{'-vector' if len(flavour) > 1 else ''}.so"
            return _opened(command, source, flavour, library)
        except (OSError, subprocess.CalledProcessError) as error:
            output = str(error.stderr if isinstance(error, subprocess.CalledProcessError) else error)
            lines = output.strip().splitlines() or [str(error)]
            errors.append(next((line for line in lines if "error" in line), lines[0]))
    raise CannotCompileError(f"the recurrence could not be compiled in {name}: {errors[-1]}")


def _opened(command: Sequence[str], source: str, flavour: Sequence[str], library: Path) -> ctypes.CDLL:
    """The library, compiled unless it is there and whole; again where another process removes it just now."""
    for _ in range(ATTEMPTS):
        if not is_whole(library):
            _compile(command, source, flavour, library)
        try:
            return ctypes.CDLL(str(library))
        except OSError as error:
            missing = error
    raise missing


def _compile(command: Sequence[str], source: str, flavour: Sequence[str], library: Path) -> None:
    """Compiles into a file of its own and renames it, so that no other process sees half a library."""
    compiler_name = Path(command[0]).name
    logger.info("compiling the recurrence with %s, once; it is kept in %s", compiler_name, library.parent)
    with tempfile.TemporaryDirectory(dir=library.parent, prefix=UNFINISHED) as folder:
        code, made = Path(folder) / "recurrence.c", Path(folder) / "recurrence.so"
        code.write_text(source, encoding="utf-8")
        arguments = [*command, *FLAGS, str(code), "-o", str(made), *flavour]
        subprocess.run(arguments, check=True, capture_output=True, text=True)
        ctypes.CDLL(str(made))  # a function that the C library lacks is found here
        keep(made, library)


@cache
def _version(command: tuple[str, ...]) -> str:
    return subprocess.run([*command, "--version"], capture_output=True, text=True, check=False).stdout


@cache
def _processor() -> str:
    """What `-march=native` depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
