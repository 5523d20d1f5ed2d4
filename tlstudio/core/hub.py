"""What all downloads from the hub share: asked for by the user, with progress and cancel, resumable, explained."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.core import ledger, network, tokens
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
    """The hub's interface, at :func:`endpoint`, with the user's token if there is one."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint(), token=tokens.find() or None)


@contextmanager
def online(purpose: str, subject: str) -> Iterator[None]:
    """Offline is the rule in this process; what the user asked for is the exception, and each request is noted.

    Args:
        purpose: see :class:`tlstudio.core.ledger.Request`.
        subject: name on the hub.
    """
    from huggingface_hub import constants, set_client_factory

    # plain HTTP: it can be cancelled between two blocks, goes through proxies and mirrors, and resumes
    wanted = {"HF_HUB_OFFLINE": False, "HF_HUB_DISABLE_XET": True, "DOWNLOAD_CHUNK_SIZE": _BLOCK}
    before = {key: getattr(constants, key) for key in wanted}
    seen = _Seen(purpose, subject)
    with ExitStack() as stack:
        stack.enter_context(network.allowed(purpose, subject))
        stack.callback(seen.end)
        for key, value in before.items():
            stack.callback(setattr, constants, key, value)
        for key, value in wanted.items():
            setattr(constants, key, value)
        set_client_factory(seen.client)  # also ends the connections of earlier settings of the proxy
        yield


class _Seen:
    """The requests of one download or upload, on their way into the ledger."""

    def __init__(self, purpose: str, subject: str) -> None:
        self._purpose, self._subject = purpose, subject
        self._open: dict[int, tuple[Any, float]] = {}

    def client(self) -> Any:
        """An HTTP client of huggingface_hub that tells of what it sends and gets."""
        from huggingface_hub.utils._http import default_client_factory

        client: Any = default_client_factory()
        hooks = client.event_hooks
        client.event_hooks = {
            "request": [*hooks.get("request", []), self._sent],
            "response": [*hooks.get("response", []), self._answered],
        }  # fmt: skip
        return client

    def end(self) -> None:
        """What has no answer by now had no connection, or was cancelled."""
        for request, begin in self._open.values():
            self._note(request, ledger.NO_ANSWER, None, begin)
        self._open.clear()

    def _sent(self, request: Any) -> None:
        self._open[id(request)] = (request, time.time())

    def _answered(self, response: Any) -> None:
        request, begin = self._open.pop(id(response.request), (response.request, time.time()))
        uploads = request.method in ("PUT", "POST")
        stated = (request if uploads else response).headers.get("Content-Length", "")
        size = int(stated) if stated.isdigit() and request.method != "HEAD" else None
        self._note(request, str(response.status_code), size, begin)

    def _note(self, request: Any, result: str, size: int | None, begin: float) -> None:
        host = f"{request.url.host}:{request.url.port}" if request.url.port else request.url.host
        what = f"{request.method} {request.url.path}"  # without the query: stores sign there
        seconds = round(time.time() - begin, 3)
        ledger.note(ledger.Request(self._purpose, self._subject, host, what, result, size, seconds, begin))


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
    headers = build_hf_headers(token=tokens.find() or None)
    if size_of(part) > size:
        part.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(part, "ab") as stream:
            http_get(url, stream, resume_size=stream.tell(), headers=headers, expected_size=size,
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
            "Accept them there and log in with 'tlstudio login', or choose other data.", **where,
        )  # fmt: skip
    return StudioError(
        "hub.gated", "{name} may only be downloaded after accepting its terms on {host}.",
        "Accept them there and log in with 'tlstudio login', or choose another model.", **where,
    )  # fmt: skip


def _not_found(kind: Kind, where: dict[str, str]) -> StudioError:
    if kind == "dataset":
        return StudioError(
            "hub.not-found", "{host} has no dataset (or revision) called {name}.",
            "Check the spelling; a private dataset needs 'tlstudio login'.", **where,
        )  # fmt: skip
    return StudioError(
        "hub.not-found", "{host} has no model (or revision) called {name}.",
        "Check the spelling; a private model needs 'tlstudio login'.", **where,
    )  # fmt: skip


def _no_connection(where: dict[str, str], error: Exception) -> StudioError:
    return StudioError(
        "hub.no-connection",
        "{name} could not be downloaded from {host}: {reason}",
        "Check the connection and try again; what was fetched is kept. A mirror or a proxy can be set in the settings.",
        reason=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
        **where,
    )
