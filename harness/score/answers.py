"""Free-text answers of language models → labels, by one of two rules.

Both rules are defensible and they do not agree: which one is taken can matter more than any test (statistics §13.1),
so a rule is always named and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

RULES = ("first", "unique")
"""``first``: the label that starts earliest. ``unique``: the only label that occurs, however often."""


def labels_in(answers: Sequence[str | None], labels: Sequence[str], rule: str) -> list[str | None]:
    """Return the label that each answer names by one of :data:`RULES`; None where it names none.

    Case is folded by lower-casing, and a label may stand inside a word. A label of two names, such as
    ``science/technology``, is also known by either. Where names overlap, the one that starts first is read, and of
    those the longest. An answer that is empty or missing names none.
    """
    names = {part: label for label in labels for part in (*label.lower().split("/"), label.lower())}
    pattern = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
    named = ([names[found] for found in pattern.findall((answer or "").lower())] for answer in answers)
    if rule == "unique":
        return [all_named[0] if len(set(all_named)) == 1 else None for all_named in named]
    return [all_named[0] if all_named else None for all_named in named]
