"""Folders with models on the Hugging Face hub, or in a folder that is shared."""

import shutil
from pathlib import Path

from zoo.pretrained.folder import CARD, check_target, is_handed, read_folder
from zoo.pretrained.packages import needed
from zoo.runs.atomic_folder import atomic_folder

NEEDS = "the Hugging Face hub is reached by huggingface_hub"


def is_path(name: str) -> bool:
    """Whether this means a folder of this machine, and not a repository such as user/name."""
    return name.startswith((".", "/", "~", "\\")) or Path(name).is_absolute() or name.count("/") != 1


def local(source: str | Path, revision: str | None = None) -> Path:
    """The folder of a model: as it is, or fetched from the hub into its cache.

    Args:
        source: A folder, or the name of a repository.
        revision: A branch, a tag or a commit of the repository.

    Raises:
        ValueError: there is neither.
    """
    path = Path(source).expanduser()
    if isinstance(source, Path) or is_handed(path) or is_path(source):
        return path
    with needed("huggingface_hub", "hub", NEEDS):
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    try:
        return Path(snapshot_download(source, revision=revision))
    except (HfHubHTTPError, LocalEntryNotFoundError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"{source} is no folder here, and the hub does not give it ({reason}); expected the folder of an "
            f"exported model, or user/name"
        ) from error


def push(folder: Path, target: str, *, private: bool = False, replace: bool = False) -> str:
    """Hands a folder on.

    Args:
        folder: As `zoo export` wrote it.
        target: A repository, user/name; or a folder, such as ./shared/name, where others find it.
        private: Whether a new repository is shown to nobody else.
        replace: Whether it takes the place of a folder that is there; a repository keeps what was before.

    Returns:
        Where it is.

    Raises:
        ValueError: there is no such folder, the target is there, or the hub refuses it.
    """
    read_folder(folder)  # what is damaged is not handed on
    if is_path(target):
        _copy(folder, Path(target).expanduser(), replace)
        return target
    with needed("huggingface_hub", "hub", NEEDS):
        from httpx import HTTPError
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError
    try:
        HfApi().create_repo(target, private=private, exist_ok=True)
        said = HfApi().upload_folder(repo_id=target, folder_path=folder)
    except (HfHubHTTPError, LocalTokenNotFoundError, HTTPError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"the hub does not take {target} ({reason}); expected a name of your own, and `hf auth login`"
        ) from error
    return str(said)


def pull(source: str, folder: Path, *, revision: str | None = None, replace: bool = False) -> None:
    """Fetches a folder that was handed on.

    Args:
        source: A repository, user/name, or a folder.
        folder: Where it goes.
        revision: A branch, a tag or a commit of the repository.
        replace: Whether it takes the place of one that is there.

    Raises:
        ValueError: there is no such source, what it gives is no such folder, or `folder` is there.
    """
    check_target(folder, replace)
    _copy(local(source, revision), folder, replace)


def _copy(source: Path, target: Path, replace: bool) -> None:
    """Copies a folder that is whole."""
    check_target(target, replace)
    read_folder(source)
    with atomic_folder(target) as folder:
        for path in sorted(source.iterdir()):
            if path.is_file() and (path.name == CARD or not path.name.startswith(".")):
                shutil.copyfile(path, folder / path.name)
