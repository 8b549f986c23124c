"""What ends a command though nobody is mistaken: memory, disk, processes. It becomes one sentence, too."""

import errno
import re
import traceback

from zoo.cli.errors import UserError, is_mistake

LIMITS = {
    r"Too many open files|received 0 items of ancdata": (
        "too many files are open; expected fewer workers (--data.num_workers) or a higher limit (ulimit -n)"
    ),
    r"can't start new thread|Resource temporarily unavailable": (
        "no further process or thread can be started; expected fewer workers (--data.num_workers) or a "
        "higher limit (ulimit -u)"
    ),
}
"""What is said when the system refuses something -> what to tell the user."""
WORKER = r"DataLoader worker \(pid.*?\) (?:is killed by signal: (\w+)|exited unexpectedly)"


class FailedError(Exception):
    """What has ended a command, said in a sentence; the user was not mistaken."""


def failure(error: BaseException) -> str | None:
    """What to tell the user of an error that the machine is to blame for; None for any other."""
    if isinstance(error, FailedError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
        return f"what is printed cannot be written: {error.strerror}"
    if isinstance(error, UserError) or is_mistake(error):
        return None
    text = ran_out(error) or _lost_worker(error) or _limit(str(error))
    return of_disk(error) if text is None and isinstance(error, OSError) else text


def of_disk(error: OSError) -> str:
    """What the system has refused to do, and with which file."""
    if error.strerror is None:
        return str(error)
    return f"{error.strerror}: {error.filename}" if error.filename is not None else error.strerror


def ran_out(error: BaseException) -> str | None:
    """What to tell the user of an error that means there was too little memory; None for any other."""
    message = str(error)
    signs = ("allocate memory", "out of memory", "Storage size calculation overflowed", "Cannot allocate")
    if not isinstance(error, MemoryError) and not any(sign in message for sign in signs):
        return None
    asked = re.search(r"tried to allocate (\d+) bytes", message)
    size = f", for {int(asked[1]) / 1e9:,.1f} GB more" if asked else ""
    return f"there is not enough memory{size}; expected smaller sizes of batches, sequences or layers"


def _lost_worker(error: BaseException) -> str | None:
    """What to tell the user of a worker that has died, or has hung up while its batch was fetched."""
    found = re.search(WORKER, str(error))
    if found is None and not (isinstance(error, (ConnectionError, EOFError)) and _is_of_workers(error)):
        return None
    how = f" (signal: {found[1]})" if found and found[1] else ""
    return (
        f"a worker process that loads data has died{how}, as it does where memory runs out; expected fewer "
        f"workers (--data.num_workers) or smaller batches"
    )


def _is_of_workers(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return any("/torch/multiprocessing/" in frame.filename.replace("\\", "/") for frame in frames)


def _limit(message: str) -> str | None:
    return next((text for sign, text in LIMITS.items() if re.search(sign, message)), None)
