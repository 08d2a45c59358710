"""Which languages of a test set finished predict jobs cover, so that a new language costs only itself."""

from __future__ import annotations

from harness.store import Spec, Store, job_key


class Coverage:
    """The finished predict jobs of a store, by all that they declare but their languages."""

    def __init__(self, store: Store | None) -> None:
        self.found: dict[str, list[Spec]] = {}
        for key in store.finished() if store else []:
            spec = store.job(key)["spec"]  # type: ignore[union-attr]
            if spec["phase"] == "predict":
                self.found.setdefault(self._kin(spec), []).append(spec)

    @staticmethod
    def _kin(spec: Spec) -> str:
        return job_key({**spec, "data": {**spec["data"], "languages": {}}})

    def split(self, spec: Spec) -> list[Spec]:
        """Return finished jobs that cover parts of ``spec``'s languages, no language twice, then one for what is left.

        A job may cover further languages: a suite counts only those that it asks for.
        """
        wanted: dict[str, str] = spec["data"]["languages"]
        left, taken = dict(wanted), []
        for old in sorted(self.found.get(self._kin(spec), []), key=lambda s: _usefulness(s, wanted), reverse=True):
            covers = old["data"]["languages"]
            useful = covers.keys() & wanted.keys()
            if useful and useful <= left.keys() and all(covers[code] == wanted[code] for code in useful):
                taken.append(old)
                left = {code: digest for code, digest in left.items() if code not in useful}
        if left:
            taken.append({**spec, "data": {**spec["data"], "languages": left}})
        return taken


def _usefulness(spec: Spec, wanted: dict[str, str]) -> tuple[int, int]:
    """Order jobs by how many wanted languages they cover, then by how few others."""
    covers = spec["data"]["languages"]
    useful = len(covers.keys() & wanted.keys())
    return useful, useful - len(covers)
