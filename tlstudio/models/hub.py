"""Models from the hub: only when the user asks, with progress and cancel, resumable and verified by hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core import hub, tokens
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import write_text
from tlstudio.core.progress import Meter
from tlstudio.models import catalog, sentences
from tlstudio.models.checks import check_folder, check_hash
from tlstudio.models.folders import PROCESSOR_FILES, TOKENIZER_FILES

_WANTED = {"config.json", "model.safetensors", "model.safetensors.index.json", "README.md", *TOKENIZER_FILES,
           *PROCESSOR_FILES, *(path.as_posix() for path in sentences.FILES)}  # fmt: skip


def download(name: str, revision: str | None, emit: Emit, control: Control) -> dict[str, Any]:
    """Fetches config, tokenizer, processor and safetensors weights of a hub model into the hub's own cache.

    Returns:
        ``{"name", "path", "revision", "bytes"}``; the revision is the commit, whatever was asked for.

    Raises:
        StudioError: no network, no such model, no safetensors in it, or a file that does not match its hash.
        Cancelled: the user has cancelled; what was fetched stays, and the next try continues there.
    """
    entry = catalog.find(name)
    name = entry.name if entry else name
    revision = revision or (entry.revision if entry else None)
    with hub.online("model", name), hub.explained(name, "model", _cache()):
        from huggingface_hub import hf_hub_download

        info = hub.api().model_info(name, revision=revision, files_metadata=True, timeout=hub.TIMEOUT)
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
            name=name, megabytes=round(total / 1e6, 1), files=len(files), host=hub.endpoint())  # fmt: skip
        meter, secret = Meter(emit, control, "download", total, "bytes"), tokens.find() or None
        for item in files:
            before = meter.done
            large = _fetch_large(name, commit, item, meter, control) if item.lfs is not None else None
            path = Path(
                hf_hub_download(
                    name,
                    item.rfilename,
                    revision=commit,
                    endpoint=hub.endpoint(),
                    tqdm_class=hub.bar_class(meter),
                    token=secret,
                )
            )
            if item.lfs is not None and path.resolve() != large:  # a mirror that names its files in another way
                _verify(path, item.lfs.sha256, control)
            meter.advance(before + (item.size or 0) - meter.done)  # what was here already counts as well
    folder = path.parents[item.rfilename.count("/")]
    check_folder(folder, entry.sha256 if entry and commit == entry.revision else None, control.check)
    if revision != commit:  # so that it is found again under the name that was asked for
        write_text(_cache_of(name) / "refs" / (revision or "main"), commit)
    return {"name": name, "path": str(folder), "revision": commit, "bytes": total}


def _wanted(name: str) -> bool:
    return name in _WANTED or (name.startswith("model-") and name.endswith(".safetensors"))


def _cache() -> Path:
    """The hub's cache."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def _cache_of(name: str) -> Path:
    """The folder of a model in it."""
    from huggingface_hub.file_download import repo_folder_name

    return _cache() / repo_folder_name(repo_id=name, repo_type="model")


def _fetch_large(name: str, commit: str, item: Any, meter: Meter, control: Control) -> Path:
    """Fetches a file of the hub's large-file store, resumably, to where ``hf_hub_download`` will find it."""
    from huggingface_hub import hf_hub_url, try_to_load_from_cache

    if isinstance(here := try_to_load_from_cache(name, item.rfilename, revision=commit), str):
        return Path(here).resolve()
    blob = _cache_of(name) / "blobs" / item.lfs.sha256
    if not blob.is_file():
        url = hf_hub_url(name, item.rfilename, revision=commit, endpoint=hub.endpoint())
        hub.fetch(url, blob, item.size, lambda part: check_hash(part, item.lfs.sha256, control.check), meter)
    return blob.resolve()


def _verify(path: Path, expected: str, control: Control) -> None:
    """A file with a wrong hash is removed, so that the next try fetches it anew."""
    try:
        check_hash(path, expected, control.check)
    except StudioError:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
