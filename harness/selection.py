"""Which languages a suite is scored in: its table [languages], read against the languages table."""

from __future__ import annotations

from harness import languages as lang
from harness.data.draw import item_order
from harness.errors import UserError
from harness.suite import Suite


def suite_languages(suite: Suite) -> list[str]:
    """Return the codes that the suite's table [languages] selects, sorted.

    ``where`` is a condition on the languages table in SQL; ``per_family`` keeps at most so many codes of a cluster,
    chosen with ``seed``.
    """
    choice = suite.languages
    known = lang.languages()
    codes = sorted(known) if choice.include == "all" else sorted(choice.include)
    if choice.where:
        codes = _where(choice.where, codes, suite.name)
    if choice.per_family:
        codes = _per_family(codes, choice.per_family, choice.seed)
    return codes


def _where(condition: str, codes: list[str], suite: str) -> list[str]:
    import duckdb

    with duckdb.connect() as con:
        con.execute(f"create table languages as {lang.view_sql()}")
        con.execute("set enable_external_access = false")
        try:
            found = con.execute(f"select code from languages where ({condition})").fetchall()
        except duckdb.Error as e:
            raise UserError(f"{suite}: languages.where: {str(e).splitlines()[0][:200]}") from None
    return sorted(set(codes) & {row[0] for row in found})


def _per_family(codes: list[str], count: int, seed: int) -> list[str]:
    clusters: dict[str, list[str]] = {}
    for code in item_order(f"{seed}:{code}" for code in codes):
        clusters.setdefault(lang.cluster(code.split(":")[1]), []).append(code.split(":")[1])
    return sorted(code for members in clusters.values() for code in members[:count])
