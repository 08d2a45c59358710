"""How arms were trained, in words: what each read, in what two of them differ, and by what a model was chosen."""

from __future__ import annotations

from typing import Any

from harness.analysis.words import many
from harness.suite import AllOrList, Arm, Aspect, Contrast, Mix, Sampling, Suite
from harness.suite_cards import aspects

CONTROLS = {
    "shuffled-labels": ["labels shuffled"],
    "more-steps": ["longer target training"],
    "token-matched": ["as many tokens as {like}"],
    None: [],
}

ASPECTS: dict[Aspect, str] = {
    "data": "data sets",
    "languages": "languages",
    "sampling": "sampling",
    "control": "whether labels are shuffled",
    "mlm": "masked-language modelling mixed in",
    "pretrain": "text for pretraining",
    "transliterate": "script read",
    "budget": "what sets how much is read",
}
"""What two arms may differ in, as a page calls it."""

WITHOUT_A_MIX = {
    (True, False): "whether there is intermediate training",
    (False, True): "how long targets are trained",
    (True, True): "intermediate training or longer target training",
}
"""What sets two arms apart of which one has no mix: whether the other has one, whether one is trained for longer."""

SCHEMES = {
    "uniform": "uniformly",
    "proportional": "in proportion to size",
    "temperature": "by size to the power of 1/{temperature:g}",
    "explicit": "at declared rates",
}

CHOSEN_BY = {
    "english-dev": "English dev",
    "target-dev": "dev in the languages under test (not zero-shot)",
}

NAMED = 4
"""Most languages that are listed by their codes."""


def reads(suite: Suite, arm: str) -> str:
    """Return what an arm's training meets before its targets: "none", or one phase after the other."""
    what = suite.arms[arm]
    told = _mix(suite, what) + [said.format(like=what.like) for said in CONTROLS[what.control]]
    if what.mlm:
        texts = " and ".join(_part(m.data, m.languages) for m in what.mlm)
        told.append(f"{100 * what.mlm_ratio:g} % of all rows masked text: {texts}")
    if what.pretrain:
        told.insert(0, f"pretrained on {_part(what.pretrain.data, what.pretrain.languages)}")
    if what.transliterate:
        told.append(f"{' and '.join(what.transliterate)} in Latin letters")
    return ", ".join(told) or "none"


def _mix(suite: Suite, arm: Arm) -> list[str]:
    """Return an arm's data sets in their languages; the languages alone where all arms read the same one data set."""
    if {m.data for other in suite.arms.values() for m in other.mix} == {m.data for m in arm.mix} and len(arm.mix) == 1:
        parts = [_languages(arm.mix[0].languages, len(arm.mix[0].languages))]
    else:
        parts = [_part(m.data, m.languages) for m in arm.mix]
    by = [f"sampled {_sampling(arm.sampling)}"] if arm.sampling and len(arm.mix) > 1 else []
    return ([" + ".join(parts)] if parts else []) + by + _languages_sampled(arm.mix)


def _languages_sampled(mixes: list[Mix]) -> list[str]:
    found = dict.fromkeys(_sampling(m.sampling) for m in mixes if m.sampling)
    return [f"languages {' and '.join(found)}"] if found else []


def _sampling(sampling: Sampling) -> str:
    """Return a scheme of sampling with what it is given: in proportion to size, capped at 131,072."""
    said = SCHEMES[sampling.scheme].format(temperature=sampling.temperature)
    return said + (f", capped at {sampling.cap:,}" if sampling.cap else "")


def _part(data: str, languages: AllOrList) -> str:
    return f"{data} ({_languages(languages, NAMED)})"


def _languages(languages: AllOrList, most: int) -> str:
    if languages == "all":
        return "all languages"
    return ", ".join(languages) if len(languages) <= most else f"{len(languages)} languages"


def differ(suite: Suite, contrast: Contrast) -> list[str]:
    """Return in what the two arms of a contrast differ, in the words of :data:`ASPECTS`.

    Where one of them has no intermediate task, that it has none stands for all that the other's is made of.
    """
    arms = suite.arms[contrast.a], suite.arms[contrast.b]
    found = aspects(suite, contrast.a, contrast.b)
    if all(arm.mix for arm in arms):
        return [ASPECTS[name] for name in found]
    trained, longer = any(arm.mix for arm in arms), any(arm.control == "more-steps" for arm in arms)
    told = [WITHOUT_A_MIX[trained, longer]] if trained or longer else []
    return told + [ASPECTS[name] for name in found if name in ("mlm", "pretrain", "transliterate")]


def differences(suite: Suite) -> str:
    """Return the list of contrasts, each with all in which its arms differ."""
    rows = [f"- {c.name} ({c.a}, {c.b}): {', '.join(differ(suite, c)) or 'nothing'}" for c in suite.contrasts]
    return "\n".join(["What the two arms of a contrast differ in:", "", *rows]) if rows else ""


def selections(facts: dict[str, Any]) -> list[str]:
    """Return for each phase and target whose model was chosen on dev what chose it, and what that came to."""
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in facts.get("selected", []):
        found.setdefault((row["target"], row["phase"], row["how"]), []).append(row)
    return [_selection(*place, rows) for place, rows in found.items()]


def _selection(target: str, phase: str, how: str, rows: list[dict[str, Any]]) -> str:
    checks, best = sorted({row["checks"] for row in rows}), sorted(100 * row["score"] for row in rows)
    said = target if phase == "target" else f"{phase} phase"
    said += (
        f": the model is chosen on {CHOSEN_BY[how]}: the best of {_range(checks)} check{'s' if checks != [1] else ''}"
    )
    last = sum(row["last"] for row in rows)
    scored = _range([f"{score:.1f}" for score in best])
    return f"{said}, which scored {scored} there and was the last one in {last} of {many(len(rows), 'training')}."


def _range(values: list[Any]) -> str:
    return str(values[0]) if values[0] == values[-1] else f"{values[0]} to {values[-1]}"
