"""The headline: t, Hall and flip on families, items and seeds, and what degenerate input gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import skew, ttest_1samp, ttest_ind
from scipy.stats import t as student

from harness.analysis.significance import family_test, family_test_many, sign_flip

M = np.array([0.04, 0.01, 0.03, -0.02, 0.05, 0.02, 0.06, 0.00])
M2 = np.array([0.00, 0.01, 0.00, 0.01, 0.02, 0.01, 0.03, 0.20])
SEEDS_A, SEEDS_B = [0.61, 0.63, 0.62], [0.58, 0.60, 0.56]
RECIPE = {"item_variance": (0.004**2, 203), "seeds_a": SEEDS_A, "seeds_b": SEEDS_B}

# GPT-4 minus GPT-3.5 on SIB-200, parsing rule "first" (statistics, section 13.1), by family
SIB200 = {
    "Afro-Asiatic": 0.126225, "Atlantic-Congo": 0.005422, "Austroasiatic": 0.151961, "Austronesian": 0.039352,
    "Aymaran": -0.083333, "Basque": -0.004902, "Dravidian": 0.145833, "Indo-European": 0.132000,
    "Japonic": 0.142157, "Kartvelian": 0.230392, "Koreanic": 0.117647, "Mande": -0.032680,
    "Mongolic-Khitan": 0.102941, "Nilotic": -0.078431, "Quechuan": -0.176471, "Saharan": -0.024510,
    "Sino-Tibetan": 0.096201, "Tai-Kadai": 0.111111, "Tupian": -0.029412, "Turkic": 0.100267,
    "Uralic": 0.147059, "Esperanto": 0.156863,
}  # fmt: skip


def hall(z, gamma, size):
    """Hall's (1992) polynomial, as printed."""
    x = z / np.sqrt(size)
    return np.sqrt(size) * (x + gamma * x**2 / 3 + gamma**2 * x**3 / 27 + gamma / (6 * size))


def test_eight_families():
    result = family_test(M)
    assert result.estimate == pytest.approx(0.02375)
    assert result.se == pytest.approx(0.00943729, abs=1e-8)
    assert result.df == 7
    assert result.p_t == pytest.approx(0.0400082, abs=1e-7)
    assert result.gamma_hat == pytest.approx(-0.2957639, abs=1e-7)
    assert result.p == result.p_skew == pytest.approx(0.0562301, abs=1e-7)
    assert (result.p_flip, result.min_p) == (0.0625, 2**-6)
    assert result.t_interval == pytest.approx((0.00143435, 0.04606565), abs=1e-8)
    assert result.hall_interval == pytest.approx((-0.00090755, 0.04430170), abs=1e-8)
    assert result.interval == pytest.approx((-0.00090755, 0.04606565), abs=1e-8)
    assert (result.families, result.reason) == (8, None)


def test_eight_families_one_of_which_gains_most():
    result = family_test(M2)
    assert result.p == result.p_t == pytest.approx(0.1853509, abs=1e-7)
    assert result.gamma_hat == pytest.approx(2.7097857, abs=1e-7)
    assert result.p_skew == pytest.approx(0.0457515, abs=1e-7)
    assert result.p_flip == result.min_p == 0.03125
    assert result.hall_interval == pytest.approx((0.00067137, 0.19345939), abs=1e-8)
    assert result.interval == pytest.approx((-0.02134841, 0.19345939), abs=1e-8)


def test_families_items_and_seeds():
    result = family_test(M, **RECIPE)
    assert result.se == pytest.approx(0.01648421, abs=1e-8)
    assert result.df == pytest.approx(6.9796455, abs=1e-7)
    assert result.p_t == pytest.approx(0.1929616, abs=1e-7)
    assert result.gamma == pytest.approx(-0.0554987, abs=1e-7)
    assert result.p == result.p_skew == pytest.approx(0.1975890, abs=1e-7)
    assert result.t_interval == pytest.approx((-0.01525202, 0.06275202), abs=1e-8)
    assert result.hall_interval == pytest.approx((-0.01592729, 0.06211125), abs=1e-8)
    parts = (result.variance_families, result.variance_items, result.variance_seeds)
    assert parts == pytest.approx((M.var(ddof=1) / 8, 0.004**2, (0.01**2 + 0.02**2) / 3))
    assert sum(parts) == pytest.approx(result.se**2)


def test_the_pooled_part_of_many_arms_is_one_more_part():
    result = family_test(M, **RECIPE, pooled=(5e-5, 10))
    assert result.se == pytest.approx(0.01793681, abs=1e-8)
    assert result.df == pytest.approx(9.5586785, abs=1e-7)
    assert result.p_t == pytest.approx(0.2162602, abs=1e-7)
    assert result.variance_pooled == 5e-5


def test_the_22_families_of_the_worked_example():
    gains = np.array(list(SIB200.values()))
    result = family_test(gains)
    assert result.estimate / result.se == pytest.approx(2.894, abs=5e-4)
    assert result.p_t == pytest.approx(0.008680, abs=1e-6)
    assert result.df == 21
    assert result.p_flip == pytest.approx(0.010107, abs=1e-6)
    assert result.gamma_hat == pytest.approx(-0.672, abs=5e-4)
    assert (100 * result.estimate, 100 * result.se) == pytest.approx((6.25, 2.16), abs=0.005)


def test_families_alone_give_the_one_sample_t_test_and_scipys_skewness():
    for seed in range(5):
        gains = np.random.default_rng(seed).exponential(size=6 + seed) - 0.7
        result, theirs = family_test(gains), ttest_1samp(gains, 0)
        assert result.p_t == pytest.approx(theirs.pvalue)
        assert result.t_interval == pytest.approx(tuple(theirs.confidence_interval()))
        assert result.gamma_hat == pytest.approx(skew(gains, bias=False))
        assert result.p_flip == sign_flip(gains).p


def test_seeds_that_dominate_give_welchs_test():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.60, 0.01, 5), rng.normal(0.57, 0.03, 2)
    gains = np.full(8, a.mean() - b.mean()) + np.tile([1e-9, -1e-9], 4)
    result = family_test(gains, seeds_a=a, seeds_b=b)
    assert result.p_t == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue, rel=1e-6)


@pytest.mark.parametrize("extra", [{}, {"item_variance": (2e-4, 50)}])
def test_halls_interval_inverts_halls_test(extra):
    result = family_test(M2, **extra)
    t = student.ppf(0.975, result.df)
    ends = [brentq(lambda z, end=end: hall(z, result.gamma, 8) - end, -40, 40, xtol=1e-13) for end in (t, -t)]
    assert result.hall_interval == pytest.approx([result.estimate - result.se * z for z in ends])
    h = hall(result.estimate / result.se, result.gamma, 8)
    assert result.p_skew == pytest.approx(2 * student.sf(abs(h), result.df))


def test_symmetric_gains_make_hall_the_t_test():
    result = family_test([-0.02, -0.01, 0.01, 0.03, 0.05, 0.06])
    assert abs(result.gamma_hat) < 1e-12
    assert result.p_skew == pytest.approx(result.p_t)
    assert result.hall_interval == pytest.approx(result.t_interval)


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_the_interval_excludes_0_exactly_when_p_is_small(level):
    rng = np.random.default_rng(1)
    decided = 0
    for shape in (rng.standard_normal, rng.standard_exponential):
        sets = family_test_many(shape((2000, 7)) - 0.3, item_variance=(0.02, 30), level=level)
        excludes = (sets.interval[:, 0] > 0) | (sets.interval[:, 1] < 0)
        assert (excludes == (sets.p <= 1 - level)).all()
        decided += excludes.sum()
    assert 200 < decided < 3800


def test_swapping_the_arms_negates_and_keeps_p():
    one, other = family_test(M, **RECIPE), family_test(-M, **RECIPE | {"seeds_a": SEEDS_B, "seeds_b": SEEDS_A})
    assert (other.estimate, other.p, other.df) == pytest.approx((-one.estimate, one.p, one.df))
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]))


def test_permuting_families_changes_nothing():
    one, other = family_test(M, **RECIPE), family_test(M[::-1], **RECIPE)
    assert (other.p, other.p_skew, other.p_flip) == pytest.approx((one.p, one.p_skew, one.p_flip))


@pytest.mark.parametrize("families", [8, 16])
def test_many_sets_at_once_equal_a_loop(families):
    rng = np.random.default_rng(2)
    gains, items = rng.normal(0.3, 1, (9, families)), rng.random(9) / 10
    a, b = rng.normal(size=(9, 3)), rng.normal(size=(9, 5))
    many = family_test_many(gains, item_variance=(items, 40), seeds_a=a, seeds_b=b)
    for r in range(9):
        one = family_test(gains[r], item_variance=(items[r], 40), seeds_a=a[r], seeds_b=b[r])
        for name in ("estimate", "se", "df", "p", "p_t", "p_skew", "gamma", "variance_seeds"):
            assert getattr(many, name)[r] == pytest.approx(getattr(one, name)), name
        assert many.interval[r] == pytest.approx(one.interval)
        assert many.p_flip[r] == pytest.approx(one.p_flip, abs=0 if families == 8 else 0.02)


def test_the_shared_flips_do_not_depend_on_blocks(monkeypatch):
    gains = np.random.default_rng(3).normal(size=(20, 16))
    whole = family_test_many(gains).p_flip
    monkeypatch.setattr("harness.analysis.significance.headline.BLOCK_BYTES", 8 * 9999 * 3)
    assert (family_test_many(gains).p_flip == whole).all()


def test_one_family_leaves_the_estimate_alone():
    result = family_test([0.03], seeds_a=SEEDS_A, seeds_b=SEEDS_B)
    assert (result.estimate, result.p, result.interval, result.se) == (0.03, None, None, None)
    assert (result.p_flip, result.reason) == (1.0, "too_few_families")


def test_two_families_have_no_skewness_and_no_verdict():
    result, theirs = family_test([0.02, 0.05]), ttest_1samp([0.02, 0.05], 0)
    assert (result.p_skew, result.hall_interval, result.gamma_hat) == (None, None, None)
    assert result.p == result.p_t == pytest.approx(theirs.pvalue)
    assert result.interval == result.t_interval
    assert result.reason == "too_few_families"


def test_fewer_than_six_families_are_description():
    assert family_test(M[:5]).reason == "too_few_families"
    assert family_test(M[:5]).min_p > 0.05
    assert family_test(M[:6]).reason is None
    assert family_test(M[:6]).min_p < 0.05


def test_equal_gains_have_a_p_only_from_other_variance():
    gains = np.array([0.1 + 0.2, 0.3, 0.3, 0.3, 0.3, 0.3])  # equal but for rounding
    alone = family_test(gains)
    assert (alone.p, alone.p_t, alone.interval, alone.reason) == (None, None, None, "constant")
    assert (alone.p_flip, alone.estimate) == (2**-5, pytest.approx(0.3))
    with_items = family_test(gains, item_variance=(0.01, 30))
    assert (with_items.gamma, with_items.reason) == (0.0, None)
    assert with_items.p == with_items.p_skew == pytest.approx(2 * student.sf(3, 30))


def test_no_gain_anywhere_has_p_1_and_no_interval():
    result = family_test(np.zeros(8))
    assert (result.estimate, result.p, result.p_flip) == (0.0, 1.0, 1.0)
    assert (result.interval, result.reason) == (None, "constant")


def test_one_seed_supports_no_recipe():
    result = family_test(M, seeds_a=SEEDS_A, seeds_b=[0.58])
    assert (result.p, result.se, result.interval, result.reason) == (None, None, None, "one_seed")
    assert result.p_flip == 0.0625


def test_seeds_that_agree_have_variance_0():
    result = family_test(M, seeds_a=[0.1 + 0.2, 0.3, 0.3], seeds_b=SEEDS_B)
    assert result.variance_seeds == pytest.approx(0.02**2 / 3)


def test_too_few_items_to_know_their_noise_leave_no_p():
    result = family_test(M, item_variance=(np.nan, 0.0))
    assert (result.p, result.reason) == (None, "few_items")


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="gains: 1 of 2 are not finite"):
        family_test([0.1, np.nan])
    with pytest.raises(ValueError, match="item_variance: expected a variance"):
        family_test(M, item_variance=(0.01, None))
    with pytest.raises(ValueError, match="pooled: expected a variance"):
        family_test(M, pooled=(-0.01, 3))
    with pytest.raises(ValueError, match="gains: expected a filled array of 1 dim"):
        family_test([])
