-- Trainings that collapsed
-- A row is a cell (arm, target, seed) whose score, averaged over families, does not exceed what answering without
-- reading gives, or has less than half of what its sibling seeds have above that. Without reading (`floor`): naming the
-- commonest class of each language (accuracy), one class whichever (balanced accuracy), one of n items (retrieval),
-- nothing (F1, exact match, chrF++), and 0 where classes are not known. The first rule is that of Mosbach et al. 2021, On
-- the stability of fine-tuning BERT; `siblings` is the median of the other seeds of the same arm. Scores are ratios, over
-- all languages. No row: no cell collapsed.
with gold as (
    select distinct suite, target, dataset, split, "language",
        [stats[i] + stats[i + 2] for i in range(1, len(stats) + 1, 3)] as classes
    from scores where metric = 'balanced_accuracy'
), floors as (
    select s.*, case when s.metric = 'balanced_accuracy' then 1 / len(list_filter(classes, lambda n: n > 0))
        when s.metric in ('f1', 'xtreme_f1', 'exact_match', 'mined_f1', 'chrf') then 0
        when s.layer is not null then 1 / s.n
        else coalesce(list_max(classes) / list_sum(classes), 0) end as lowest
    from scores s left join gold using (suite, target, dataset, split, "language")
    where s.metric in ('accuracy', 'token_accuracy', 'balanced_accuracy', 'f1', 'xtreme_f1', 'exact_match', 'mined_f1',
        'chrf')
), told as (
    select suite, arm, target, dataset, split, metric, direction, layer, seed, "language", n,
        unnest([{'what': 'score', 'value': value}, {'what': 'floor', 'value': lowest}], recursive := true)
    from floors
), cells as (
    select suite, arm, target, dataset, split, metric, direction, layer, seed, families, languages,
        max(value) filter (what = 'score') as score, max(value) filter (what = 'floor') as "floor"
    from family_first(told) group by all
), beside as (
    select c.*, median(o.score) as siblings
    from cells c left join cells o on o.seed <> c.seed and o.suite = c.suite and o.arm = c.arm and o.target = c.target
        and o.dataset = c.dataset and o.split = c.split and o.metric = c.metric
        and o.direction is not distinct from c.direction and o.layer is not distinct from c.layer
    group by all
)
select suite, target, dataset, split, metric, direction, layer, arm, seed, score, "floor", siblings, families, languages
from beside
where score <= "floor" + 1e-9 or score < ("floor" + siblings) / 2
order by suite, target, dataset, metric, layer, direction, arm, seed;
