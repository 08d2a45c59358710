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
        """Return finished jobs that cover disjoint parts of ``spec``'s languages, then one for what is left."""
        left = dict(spec["data"]["languages"])
        taken = []
        candidates = self.found.get(self._kin(spec), [])
        for old in sorted(candidates, key=lambda s: -len(s["data"]["languages"])):
            covers = old["data"]["languages"]
            if covers.items() <= left.items():
                taken.append(old)
                left = {code: d for code, d in left.items() if code not in covers}
        if left:
            taken.append({**spec, "data": {**spec["data"], "languages": left}})
        return taken
