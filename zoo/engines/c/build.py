"""Compiles a C file once, and keeps the library for next time."""

import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import torch

from zoo.cache import UNFINISHED, is_whole, keep, kept_folder

logger = logging.getLogger(__name__)

# without errno and traps loops that call exp become vectors; -ffast-math would rule out NaN
FLAGS = ["-O3", "-shared", "-fno-math-errno", "-fno-trapping-math"]
FLAGS += ["-fPIC"] if os.name == "posix" else []
MATH = ["-lm"] if os.name == "posix" else []
FLAVOURS = {
    "-vector": ["-march=native", "-fopenmp", "-DVECTOR_MATH", "-lmvec", *MATH],
    "": ["-march=native", "-fopenmp", *MATH],
    "-alone": ["-march=native", "-fopenmp-simd", *MATH],
    "-plain": ["-fopenmp-simd", *MATH],
}
"""What a library's name ends with -> how it is compiled, from the fastest to what every compiler can.

With the C library's vector functions, without them, without threads, and for any processor of this kind."""
if sys.platform == "darwin":
    # the threads of torch: a second copy of their library would end the process
    _TORCH = Path(torch.__file__).with_name("lib")
    _THREADS = ["-Xclang", "-fopenmp", f"-L{_TORCH}", f"-Wl,-rpath,{_TORCH}", "-lomp"]
    FLAVOURS = {"": ["-mcpu=native", *_THREADS], "-alone": ["-mcpu=native", "-fopenmp-simd"]}
    FLAVOURS |= {"-plain": ["-fopenmp-simd"]}
MACHINE = Path(__file__).with_name("machine.h").read_text(encoding="utf-8")
PROBE = """
#if defined(VECTOR_MATH) && !__has_attribute(simd)
#error this compiler knows no vector functions, and would call those for one number
#endif
EXPORT int threads(void) {
  int all = 0;
  #pragma omp parallel
  if (omp_get_thread_num() == 0) all = omp_get_num_threads();
  return all;
}
"""
"""What shows at little cost whether a compiler knows a flavour's options and has its libraries."""
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
    source = MACHINE + source
    parts = [source, *FLAGS, *command, _version(command), _processor()]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    try:
        folder = kept_folder()
    except OSError as error:
        raise CannotCompileError(f"what is compiled cannot be kept: {error}") from error
    libraries = {flavour: folder / f"{name}-{key}{flavour}.so" for flavour in FLAVOURS}
    kept = [flavour for flavour, library in libraries.items() if is_whole(library)]
    errors = []
    for flavour in kept or _flavours(command, folder):
        try:
            return _opened(command, source, FLAVOURS[flavour], libraries[flavour])
        except (OSError, subprocess.CalledProcessError) as error:
            errors.append(_sentence(error))
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
    with _made(command, source, flavour, library.parent) as made:
        keep(made, library)


@contextmanager
def _made(command: Sequence[str], source: str, flavour: Sequence[str], folder: Path) -> Iterator[Path]:
    """A library that was just compiled and can be loaded, in a folder of its own."""
    # Windows cannot remove a library that is open; a later sweep can
    with tempfile.TemporaryDirectory(None, UNFINISHED, folder, ignore_cleanup_errors=True) as own:
        code, made = Path(own) / "recurrence.c", Path(own) / "recurrence.so"
        code.write_text(source, encoding="utf-8")
        arguments = [*command, *FLAGS, str(code), "-o", str(made), *flavour]
        subprocess.run(arguments, check=True, capture_output=True, text=True)
        ctypes.CDLL(str(made))  # a function that the C library lacks is found here
        yield made


def _sentence(error: OSError | subprocess.CalledProcessError) -> str:
    output = str(error.stderr if isinstance(error, subprocess.CalledProcessError) else error)
    lines = output.strip().splitlines() or [str(error)]
    return next((line for line in lines if "error" in line), lines[0])


@cache
def _flavours(command: tuple[str, ...], folder: Path) -> list[str]:
    """The flavours that a compiler can do, and the last one, which says why where it cannot."""
    *others, last = FLAVOURS
    able = []
    for flavour in others:
        with (
            suppress(OSError, subprocess.CalledProcessError),
            _made(command, MACHINE + PROBE, FLAVOURS[flavour], folder),
        ):
            able.append(flavour)
    return [*able, last]


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
