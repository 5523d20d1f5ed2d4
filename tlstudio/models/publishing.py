"""Sends an export to the hub: only when the user has asked for it, and only what was shown before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core import hub, tokens
from tlstudio.core.errors import StudioError


def files_of(folder: Path) -> list[tuple[str, int]]:
    """Name and bytes of everything that would be sent.

    Raises:
        StudioError: it is no export.
    """
    if not (folder / "README.md").is_file():
        raise StudioError(
            "push.no-card", "{path} is no export: it has no model card.",
            "Name the folder of an export, such as RUN/exports/onnx.", where=str(folder), path=str(folder),
        )  # fmt: skip
    every = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in every:
        if path.is_symlink():
            raise StudioError(
                "push.link", "{path} is a link to a file elsewhere.", "Put the file itself there, or remove the link.",
                where=str(path), path=str(path),
            )  # fmt: skip
    return [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in every]


def token() -> str:
    """The user's token, see :mod:`tlstudio.core.tokens`.

    Raises:
        StudioError: there is none.
    """
    if found := tokens.find():
        return found
    raise StudioError(
        "push.no-token", "There is no token for the hub.",
        "Make one with write access at huggingface.co/settings/tokens; then: tlstudio login, or the variable HF_TOKEN, "
        "or: hf auth login.",
    )  # fmt: skip


def push(folder: Path, repo: str, private: bool) -> str:
    """Uploads an export; gives the address of the commit.

    Raises:
        StudioError: the name is none, there is no token, or the hub refuses.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise _refused(repo, error) from error
    names, secret = [name for name, _bytes in files_of(folder)], token()
    with hub.online("upload", repo):
        api: Any = hub.api()
        try:
            api.create_repo(repo, token=secret, private=private, exist_ok=True)
            done = api.upload_folder(
                repo_id=repo, folder_path=str(folder), allow_patterns=names, token=secret,
                commit_message="Upload an export of TLStudio",
            )  # fmt: skip
        except Exception as error:  # its own, those of its transport, and of the disk
            raise _refused(repo, error, secret) from None  # its request carries the token
    return str(getattr(done, "commit_url", "") or f"{hub.endpoint()}/{repo}")


def _refused(repo: str, error: Exception, secret: str = "") -> StudioError:
    text = str(getattr(error, "server_message", "") or error).replace(secret or "\0", "…").strip().splitlines()
    return StudioError(
        "push.failed", "{repo} cannot be written on the hub: {reason}",
        "Check the name, the network, and that the token may write there.", repo=repo,
        reason=text[0][:200] if text else type(error).__name__,
    )  # fmt: skip
