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
from tlstudio.core.files import os_error, size_of, write_text
from tlstudio.core.progress import Meter
from tlstudio.models import catalog
from tlstudio.models.checks import check_folder, check_hash
from tlstudio.models.folders import TOKENIZER_FILES

DEFAULT_ENDPOINT = "https://huggingface.co"
_BLOCK = 256 << 10  # bytes between two looks at the user's wishes; the hub's own 10 MB take seconds on a slow line
_TIMEOUT = 20.0  # seconds for the first answer
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
        Cancelled: the user has cancelled; what was fetched stays, and the next try continues there.
    """
    entry = catalog.find(name)
    name = entry.name if entry else name
    revision = revision or (entry.revision if entry else None)
    with _online(), _explained(name):
        from huggingface_hub import HfApi, hf_hub_download

        info = HfApi(endpoint=endpoint()).model_info(name, revision=revision, files_metadata=True, timeout=_TIMEOUT)
        commit = str(info.sha)
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
            before = meter.done
            large = _fetch_large(name, commit, item, meter, control) if item.lfs is not None else None
            path = Path(
                hf_hub_download(
                    name, item.rfilename, revision=commit, endpoint=endpoint(), tqdm_class=_bar_class(meter)
                )
            )
            if item.lfs is not None and path.resolve() != large:  # a mirror that names its files in another way
                _verify(path, item.lfs.sha256, control)
            meter.advance(before + (item.size or 0) - meter.done)  # what was here already counts as well
    folder = path.parent
    check_folder(folder, entry.sha256 if entry and commit == entry.revision else None, control.check)
    if revision != commit:  # so that it is found again under the name that was asked for
        write_text(_cache_of(name) / "refs" / (revision or "main"), commit)
    return {"path": str(folder), "revision": commit, "bytes": total}


def _wanted(name: str) -> bool:
    return name in _WANTED or (name.startswith("model-") and name.endswith(".safetensors"))


def _cache_of(name: str) -> Path:
    """The folder of a model in the hub's cache."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=name, repo_type="model")


def _fetch_large(name: str, commit: str, item: Any, meter: Meter, control: Control) -> Path | None:
    """Fetches a file of the hub's large-file store to where ``hf_hub_download`` will find it: it would throw a part
    away when it is interrupted, which means half a gigabyte with a usual model. None if the file is here already."""
    from huggingface_hub import hf_hub_url, try_to_load_from_cache
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    if isinstance(here := try_to_load_from_cache(name, item.rfilename, revision=commit), str):
        return Path(here).resolve()
    blob = _cache_of(name) / "blobs" / item.lfs.sha256
    if blob.is_file():
        return blob.resolve()
    part = blob.with_name(f"{blob.name}.incomplete")
    if size_of(part) > item.size:
        part.unlink()
    blob.parent.mkdir(parents=True, exist_ok=True)
    url = hf_hub_url(name, item.rfilename, revision=commit, endpoint=endpoint())
    try:
        with open(part, "ab") as stream:
            http_get(url, stream, resume_size=stream.tell(), headers=build_hf_headers(), expected_size=item.size,
                     tqdm_class=_bar_class(meter))  # fmt: skip
    except OSError as error:
        if error.errno:  # a full disk; the part would keep it full
            part.unlink(missing_ok=True)
        raise
    _verify(part, item.lfs.sha256, control)
    part.replace(blob)
    return blob.resolve()


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

    # plain HTTP: it can be cancelled between two blocks, goes through proxies and mirrors, and resumes
    wanted = {"HF_HUB_OFFLINE": False, "HF_HUB_DISABLE_XET": True, "DOWNLOAD_CHUNK_SIZE": _BLOCK}
    before = {key: getattr(constants, key) for key in wanted}
    try:
        for key, value in wanted.items():
            setattr(constants, key, value)
        yield
    finally:
        for key, value in before.items():
            setattr(constants, key, value)


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
        raise _not_found(where) from error
    except StudioError:
        raise
    except HfHubHTTPError as error:
        # the hub says 401 to a stranger who asks for what is not there
        unknown = error.response is not None and error.response.status_code == 401
        raise (_not_found(where) if unknown else _no_connection(where, error)) from error
    except OSError as error:
        if error.errno:  # the disk, not the network
            from huggingface_hub import constants

            raise os_error(error, constants.HF_HUB_CACHE) from error
        raise _no_connection(where, error) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2", "huggingface_hub"):
            raise _no_connection(where, error) from error
        raise


def _not_found(where: dict[str, str]) -> StudioError:
    return StudioError(
        "hub.not-found",
        "{host} has no model (or revision) called {name}.",
        "Check the spelling; a private model needs 'hf auth login'.",
        **where,
    )


def _no_connection(where: dict[str, str], error: Exception) -> StudioError:
    return StudioError(
        "hub.no-connection",
        "{name} could not be downloaded from {host}: {reason}",
        "Check the connection and try again; what was fetched is kept. A mirror can be set with HF_ENDPOINT.",
        reason=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
        **where,
    )
