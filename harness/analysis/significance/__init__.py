"""Which differences are real: tests, intervals and power, with language families as the unit of a claim.

Scores are ratios, p lies in [0, 1], axis 0 of a two-dimensional array of values is seeds [S, n] or
items [n, G]. A wrong shape or a number that is not finite is a ``ValueError`` naming the argument;
what does not exist is ``None`` with a ``reason``. The specification is ``docs/statistics.md``.
"""

from harness.analysis.significance.areas import AreaTest, area_test, family_areas
from harness.analysis.significance.beside import (
    LanguageMacro,
    LeaveOneOut,
    NaiveTests,
    language_macro_test,
    leave_one_family_out,
    naive_tests,
    prediction_interval,
    these_languages_test,
)
from harness.analysis.significance.dependence import (
    Regression,
    SlopeTest,
    TrendTest,
    cr2_regression,
    slope_test,
    trend_test,
)
from harness.analysis.significance.families import (
    family_item_noise,
    family_means,
    shared_item_variance,
    unit_means,
)
from harness.analysis.significance.flips import Flip, sign_flip, sign_flip_metric
from harness.analysis.significance.headline import (
    MIN_FAMILIES,
    FamilyTest,
    FamilyTests,
    family_test,
    family_test_many,
)
from harness.analysis.significance.icc import FamilyIcc, family_icc
from harness.analysis.significance.items import item_values, item_variance
from harness.analysis.significance.language import (
    LanguageTest,
    language_test,
    mcnemar,
    paired_proportion_interval,
)
from harness.analysis.significance.many import benjamini_hochberg, holm, letters, rank_sets, true_discoveries
from harness.analysis.significance.power import Plan, mde, plan, power_of
from harness.analysis.significance.resample import (
    ScoreIntervals,
    percentile_interval,
    resample_counts,
    score_intervals,
)
from harness.analysis.significance.student import TTest

__all__ = [
    "MIN_FAMILIES",
    "AreaTest",
    "FamilyIcc",
    "FamilyTest",
    "FamilyTests",
    "Flip",
    "LanguageMacro",
    "LanguageTest",
    "LeaveOneOut",
    "NaiveTests",
    "Plan",
    "Regression",
    "ScoreIntervals",
    "SlopeTest",
    "TTest",
    "TrendTest",
    "area_test",
    "benjamini_hochberg",
    "cr2_regression",
    "family_areas",
    "family_icc",
    "family_item_noise",
    "family_means",
    "family_test",
    "family_test_many",
    "holm",
    "item_values",
    "item_variance",
    "language_macro_test",
    "language_test",
    "leave_one_family_out",
    "letters",
    "mcnemar",
    "mde",
    "naive_tests",
    "paired_proportion_interval",
    "percentile_interval",
    "plan",
    "power_of",
    "prediction_interval",
    "rank_sets",
    "resample_counts",
    "score_intervals",
    "shared_item_variance",
    "sign_flip",
    "sign_flip_metric",
    "slope_test",
    "these_languages_test",
    "trend_test",
    "true_discoveries",
    "unit_means",
]
