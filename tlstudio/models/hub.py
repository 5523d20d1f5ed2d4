"""Downloads from the hub: only when the user asks, with progress and cancel, resumable and verified by hash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.progress import Meter
from tlstudio.models import catalog
from tlstudio.models.checks import check_folder, check_hash
from tlstudio.models.folders import TOKENIZER_FILES

DEFAULT_ENDPOINT = "https://huggingface.co"
_WANTED = {"config.json", "model.safetensors", "model.safetensors.index.json", "README.md", *TOKENIZER_FILES}


def endpoint() -> str:
    """The hub that is asked: ``HF_ENDPOINT`` (a mirror, or a test server), else the public one."""
    return os.environ.get("HF_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")


def download(name: str, revision: str | None, emit: Emit, control: Control) -> dict[str, Any]:
    """Fetches config, tokenizer and safetensors weights of a hub model into the hub's own cache.

    Returns:
        ``{"path", "revision", "bytes"}``; the revision is the commit, whatever was asked for.

    Raises:
        StudioError: no network, no such model, no safetensors in it, or a file that does not match its hash.
        Cancelled: the user has cancelled; what was fetched stays and is resumed next time.
    """
    entry = catalog.find(name)
    name = entry.name if entry else name
    revision = revision or (entry.revision if entry else None)
    with _online(), _explained(name):
        from huggingface_hub import HfApi, hf_hub_download

        info = HfApi(endpoint=endpoint()).model_info(name, revision=revision, files_metadata=True)
        files = [item for item in info.siblings or [] if _wanted(item.rfilename)]
        if not any(item.rfilename.endswith(".safetensors") for item in files):
            raise StudioError(
                "model.no-safetensors",
                "{name} has no weights in safetensors format.",
                "Choose another model; pickled weights are not downloaded.",
                where="model.name",
                name=name,
            )
        total = sum(item.size or 0 for item in files)
        log(emit, "hub.request", "Downloading {name} ({megabytes} MB in {files} files) from {host}.",
            name=name, megabytes=round(total / 1e6, 1), files=len(files), host=endpoint())  # fmt: skip
        meter = Meter(emit, control, "download", total, "bytes")
        for item in files:
            path = Path(
                hf_hub_download(
                    name, item.rfilename, revision=info.sha, endpoint=endpoint(), tqdm_class=_bar_class(meter)
                )
            )
            if item.lfs is not None:
                _verify(path, item.lfs.sha256, control)
    folder = path.parent
    check_folder(folder, entry.sha256 if entry and info.sha == entry.revision else None, control.check)
    return {"path": str(folder), "revision": info.sha, "bytes": total}


def _wanted(name: str) -> bool:
    return name in _WANTED or (name.startswith("model-") and name.endswith(".safetensors"))


def _verify(path: Path, expected: str, control: Control) -> None:
    """A file with a wrong hash is removed, so that the next try fetches it anew."""
    try:
        check_hash(path, expected, control.check)
    except StudioError:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise


def _bar_class(meter: Meter) -> type:
    """A progress bar class for huggingface_hub that drives our meter, and with it cancel and pause."""
    from tqdm.auto import tqdm

    class Bar(tqdm):
        """Counts bytes; draws nothing."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs["disable"] = True
            kwargs.pop("name", None)
            resumed = kwargs.get("initial") or 0
            super().__init__(*args, **kwargs)
            if resumed:
                meter.advance(resumed)

        def update(self, n: float | None = 1) -> None:
            meter.advance(n or 0)

    return Bar


@contextmanager
def _online() -> Iterator[None]:
    """Offline is the rule in this process; a download that the user asked for is the exception."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_XET
    # plain HTTP: it can be cancelled between two blocks, goes through proxies and mirrors, and resumes
    constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_XET = False, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_XET = before


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turns the hub's exceptions into ours."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = {"where": "model.name", "name": name, "host": endpoint()}
    try:
        yield
    except GatedRepoError as error:
        raise StudioError(
            "hub.gated", "{name} may only be downloaded after accepting its terms on {host}.",
            "Accept them there and log in with 'hf auth login', or choose another model.", **where,
        ) from error  # fmt: skip
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise StudioError(
            "hub.not-found", "{host} has no model (or revision) called {name}.", "Check the spelling.", **where
        ) from error
    except StudioError:
        raise
    except OSError as error:
        if error.errno:  # the disk, not the network
            from tlstudio.core.files import os_error

            raise os_error(error, Path.home()) from error
        raise _no_connection(where, error) from error
    except HfHubHTTPError as error:
        raise _no_connection(where, error) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2", "huggingface_hub"):
            raise _no_connection(where, error) from error
        raise


def _no_connection(where: dict[str, str], error: Exception) -> StudioError:
    return StudioError(
        "hub.no-connection",
        "{name} could not be downloaded from {host}: {reason}",
        "Check the connection and try again; what was fetched is kept. A mirror can be set with HF_ENDPOINT.",
        reason=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
        **where,
    )
