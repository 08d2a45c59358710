"""Which languages of a test set finished predict jobs cover, so that a new language costs only itself."""

from __future__ import annotations

from collections.abc import Collection

from harness.store import Spec, Store, job_key


class Coverage:
    """The finished predict jobs of a store, by all that they declare but their languages."""

    def __init__(self, store: Store | None) -> None:
        self.found: dict[str, list[Spec]] = {}
        for key in store.finished() if store else []:
            spec = store.job(key)["spec"]  # type: ignore[union-attr]
            if spec["phase"] == "predict":
                self.found.setdefault(job_key(_only(spec, ())), []).append(spec)

    def split(self, spec: Spec) -> list[Spec]:
        """Return finished jobs that cover parts of ``spec``'s languages, no language twice, then one for what is left.

        A job may cover further languages: a suite counts only those that it asks for.
        """
        wanted: dict[str, str] = spec["data"]["languages"]
        left, taken = set(wanted), []
        kin = self.found.get(job_key(_only(spec, ())), [])
        for old in sorted(kin, key=lambda s: _usefulness(s, wanted), reverse=True):
            useful = old["data"]["languages"].keys() & wanted.keys()
            if useful and useful <= left and _only(old, useful) == _only(spec, useful):
                taken.append(old)
                left -= useful
        if left:
            taken.append(_only(spec, left))
        return taken


def _only(spec: Spec, languages: Collection[str]) -> Spec:
    """Return a predict job in some of its languages: of what it tests, and of what its threshold is set on."""
    found = {**spec, "data": _part(spec["data"], languages)}
    if tune := spec["task"].get("tune"):
        found["task"] = {**spec["task"], "tune": {**tune, "data": _part(tune["data"], languages)}}
    return found


def _part(data: Spec, languages: Collection[str]) -> Spec:
    return {**data, "languages": {code: d for code, d in data["languages"].items() if code in languages}}


def _usefulness(spec: Spec, wanted: dict[str, str]) -> tuple[int, int]:
    """Order jobs by how many wanted languages they cover, then by how few others."""
    covers = spec["data"]["languages"]
    useful = len(covers.keys() & wanted.keys())
    return useful, useful - len(covers)
