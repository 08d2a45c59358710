"""Plain CSV: every score, every arm's mean, every declared contrast, and its gain in every language.

Text is written as it stands: a cell that a spreadsheet would take for a formula is not changed, since programs read
these files too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from harness.analysis.arms import arm_scores
from harness.analysis.compare import Comparer, Report
from harness.analysis.results import Measure, Results
from harness.exchange.files import write_csv
from harness.exchange.said import measures

SCORES = """
    select s.* exclude (stats), e.seen, l.unit, l.family, l.cluster, l.macroarea, l.script, l.nllb_resource,
        l.joshi_class, l.word_order
    from scores s left join seen e using (suite, arm, target, language) left join languages l on l.code = s.language
    order by all
"""

ARM = (
    *("families", "languages", "of", "seeds", "family_macro", "se", "interval"),
    *("language_macro", "language_macro_se", "language_macro_interval"),
)
PLACE = ("suite", "contrast", "role", "a", "b", "target", "dataset", "split", "metric", "direction", "layer")
CONTRAST = ("estimate", "se", "df", "interval", "p", "p_holm", "mde80", "scope", "reason", "verdict", "statement")
COUNTS = ("families", "units", "codes", "items", "seeds_a", "seeds_b")
GAIN = ("language", "n", "score_a", "score_b", "gain", "interval", "p", "q", "method", "unseen")


def write(results: Results, made: Path) -> None:
    """Write `scores.csv`, `arms.csv`, `contrasts.csv` and `gains.csv`; an interval is two columns."""
    comparer = Comparer(results)
    scores = results.con.sql(SCORES)
    write_csv(made / "scores.csv", scores.columns, scores.fetchall())
    arms = [asdict(m) | row for m in measures(comparer) for row in arm_scores(comparer, m)]
    _write(made / "arms.csv", arms, ("arm", *(field.name for field in fields(Measure)), *ARM))
    reports = comparer.declared()
    contrasts = [report | {name: report["n"][name] for name in COUNTS} for report in reports]
    _write(made / "contrasts.csv", contrasts, (*PLACE, *COUNTS, *CONTRAST))
    gains = [_gain(report, row) for report in reports for row in report["languages"]]
    _write(made / "gains.csv", gains, (*PLACE, *GAIN))


def _gain(report: Report, row: Report) -> Report:
    """Return a language's gain with its contrast: `a` and `b` are the arms, `score_a` and `score_b` their scores."""
    arms = {name: report[name] for name in ("a", "b")}
    return {**report, **row, "language": row["code"], "score_a": row["a"], "score_b": row["b"], **arms}


def _write(path: Path, rows: list[dict[str, Any]], names: Sequence[str]) -> None:
    columns = [column for name in names for column in _columns(name)]
    write_csv(path, columns, [[value for name in names for value in _values(row, name)] for row in rows])


def _columns(name: str) -> list[str]:
    return [f"{name}_low", f"{name}_high"] if name.endswith("interval") else [name]


def _values(row: dict[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    return list(value or (None, None)) if name.endswith("interval") else [value]
