"""What all downloads from the hub share: asked for by the user, with progress and cancel, resumable, explained."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import os_error, size_of
from tlstudio.core.progress import Meter

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DEFAULT_ENDPOINT = "https://huggingface.co"
TIMEOUT = 20.0  # seconds for the first answer
_BLOCK = 256 << 10  # bytes between two looks at the user's wishes; the hub's own 10 MB take seconds on a slow line

Kind = Literal["model", "dataset"]


def endpoint() -> str:
    """The hub that is asked: ``HF_ENDPOINT`` (a mirror, or a test server), else the public one."""
    return os.environ.get("HF_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")


def api() -> HfApi:
    """The hub's interface, at :func:`endpoint`."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint())


@contextmanager
def online() -> Iterator[None]:
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


def fetch(url: str, target: Path, size: int, verify: Callable[[Path], None], meter: Meter) -> None:
    """Fetches a file, or the rest of it: huggingface_hub would throw a part away when it is interrupted.

    Args:
        url: on the hub; a token goes there, but not to a store that it redirects to.
        target: where the complete file will be; the part lies beside it until then.
        size: bytes of the complete file.
        verify: raises a StudioError if the part is not what it should be; it is removed then.
        meter: counts bytes, those of a part that was here already included.

    Raises:
        Cancelled: the user has cancelled; the part stays for the next try.
    """
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    part = target.with_name(f"{target.name}.incomplete")
    if size_of(part) > size:
        part.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(part, "ab") as stream:
            http_get(url, stream, resume_size=stream.tell(), headers=build_hf_headers(), expected_size=size,
                     tqdm_class=bar_class(meter))  # fmt: skip
    except OSError as error:
        if error.errno:  # a full disk; the part would keep it full
            part.unlink(missing_ok=True)
        raise
    try:
        verify(part)
    except StudioError:
        part.unlink(missing_ok=True)
        raise
    part.replace(target)


def bar_class(meter: Meter) -> type:
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
def explained(name: str, kind: Kind, folder: Path | str) -> Iterator[None]:
    """Turns the hub's exceptions into ours; ``folder`` is where files are written, for those of the disk."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = {"where": "model.name" if kind == "model" else "data.path", "name": name, "host": endpoint()}
    try:
        yield
    except GatedRepoError as error:
        raise _gated(kind, where) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise _not_found(kind, where) from error
    except StudioError:
        raise
    except HfHubHTTPError as error:
        # the hub says 401 to a stranger who asks for what is not there
        unknown = error.response is not None and error.response.status_code == 401
        raise (_not_found(kind, where) if unknown else _no_connection(where, error)) from error
    except OSError as error:
        if error.errno:  # the disk, not the network
            raise os_error(error, folder) from error
        raise _no_connection(where, error) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2", "huggingface_hub"):
            raise _no_connection(where, error) from error
        raise


def _gated(kind: Kind, where: dict[str, str]) -> StudioError:
    if kind == "dataset":
        return StudioError(
            "hub.gated", "{name} may only be downloaded after accepting its terms on {host}.",
            "Accept them there and log in with 'hf auth login', or choose other data.", **where,
        )  # fmt: skip
    return StudioError(
        "hub.gated", "{name} may only be downloaded after accepting its terms on {host}.",
        "Accept them there and log in with 'hf auth login', or choose another model.", **where,
    )  # fmt: skip


def _not_found(kind: Kind, where: dict[str, str]) -> StudioError:
    if kind == "dataset":
        return StudioError(
            "hub.not-found", "{host} has no dataset (or revision) called {name}.",
            "Check the spelling; a private dataset needs 'hf auth login'.", **where,
        )  # fmt: skip
    return StudioError(
        "hub.not-found", "{host} has no model (or revision) called {name}.",
        "Check the spelling; a private model needs 'hf auth login'.", **where,
    )  # fmt: skip


def _no_connection(where: dict[str, str], error: Exception) -> StudioError:
    return StudioError(
        "hub.no-connection",
        "{name} could not be downloaded from {host}: {reason}",
        "Check the connection and try again; what was fetched is kept. A mirror can be set with HF_ENDPOINT.",
        reason=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
        **where,
    )
