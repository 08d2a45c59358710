"""A model on the Hugging Face Hub at a pinned revision: its folder in the Hub's own cache."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import UserError

ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
REVISION = re.compile(r"[0-9a-f]{40}")


def snapshot(repository: str, revision: str, files: list[str], place: str = "") -> Path:
    """Return the folder with a model's ``files`` (patterns, top level only), downloaded if they are missing.

    A revision never changes, so nothing is asked of the network once its files are there.

    :raises UserError: where the revision is not a full commit id, the package is missing, or the files cannot
        be had; the sentence opens with ``place``
    """
    spec = f"{place}{repository}@{revision}".rstrip("@")
    if not REVISION.fullmatch(revision):
        raise UserError(
            f"{spec}: no such folder, and a model of the Hub must be pinned; write {repository}@ and a "
            "commit's 40 hexadecimal digits"
        )
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError:
        raise UserError(f"{spec}: huggingface_hub is not installed; pip install 'stiltbench[hub]'") from None
    try:
        found = snapshot_download(repository, revision=revision, allow_patterns=files, ignore_patterns="*/*")
    except (OSError, ValueError) as error:
        kept = f"$HF_HUB_CACHE/models--{repository.replace('/', '--')}/snapshots/{revision}"
        raise UserError(
            f"{spec}: cannot be downloaded ({str(error).splitlines()[0]}); put its config.json, tokenizer "
            f"files and *.safetensors into {kept}, or into any folder and name that"
        ) from None
    return Path(found)
