-- What is derived, of a store and of a published file alike: the score of every cell, the gain of every contrast.

-- What errata touch is scored in two editions: a suite counts its own, and the other stands beside, where what errata do
-- not touch is the same.
create view counted as select * exclude (counts) from scored where counts;

create view beside as
with touched as (select distinct suite, target, dataset, split, "language" from errata where effect <> 'note')
select * exclude (counts) from scored where not counts
union all by name
select c.* from counted c anti join touched t using (suite, target, dataset, split, "language");

-- What harness/score/corpus.py computes. An order of BLEU without a match has half of one, the next a quarter, ...
create macro smoothed(s, i) as if(s[i] > 0, s[i], 0.5 ** len([1 for m in s[3:i] if m = 0]));

create macro bleu(s) as if(list_min(s[7:10]) > 0 and list_max(s[3:6]) > 0,
    exp(least(0, 1 - s[2] / s[1]) + list_avg([ln(smoothed(s, i) / s[i + 4]) for i in range(3, 7)])), 0);

-- chrF++: mean precision (side 0) or recall (side 1) over the orders that both sides have, and F2 of the two.
create macro matched(s, side) as
    list_avg([s[i + 2] / s[i + side] for i in range(1, 25, 3) if s[i] > 0 and s[i + 1] > 0]);

create macro chrf(p, r) as coalesce(5 * p * r / nullif(4 * p + r, 0), 0);

-- A score that does not exist (0/0) is NULL and enters no mean.
create macro score_of(metric, s) as case
    when metric in ('f1', 'xtreme_f1', 'mined_f1') then 2 * s[1] / nullif(2 * s[1] + s[2] + s[3], 0)
    when metric in ('bleu', 'spbleu') then bleu(s)
    when metric = 'chrf' then chrf(matched(s, 0), matched(s, 1))
    when metric = 'masked_probability' then 2 ** (s[1] / s[2])
    when metric = 'pseudo_perplexity' then 2 ** (-s[1] / s[2])
    when metric = 'bits_per_byte' then -s[1] / s[3]
    when metric = 'token_accuracy' then s[1] / nullif(s[2], 0)
    when metric = 'macro_f1' then list_avg([2 * s[i] / (2 * s[i] + s[i + 1] + s[i + 2])
        for i in range(1, len(s) + 1, 3) if s[i] + s[i + 2] > 0])
    when metric = 'balanced_accuracy' then list_avg([s[i] / (s[i] + s[i + 2])
        for i in range(1, len(s) + 1, 3) if s[i] + s[i + 2] > 0])
end;

-- Sums of statistics: equal ones are counted first, since most examples have one of few.
create view scores as
with means as (
    select * exclude (id, block, value, stats), count(*) as n, avg(value) as value
    from counted where value is not null group by all
), equal as (
    select * exclude (id, block, value), count(*) as n from counted where stats is not null group by all
), counts as (
    select * exclude (stats), unnest(stats) as s, generate_subscripts(stats, 1) as i from equal
), sums as (
    select * exclude (s, n), sum(n)::bigint as n, sum(s * n) as s from counts group by all
), lists as (
    select * exclude (i, s), list(s order by i) as stats from sums group by all
), named as (
    select * replace (unnest(if(metric = 'masked_probability', [metric, 'bits_per_byte', 'pseudo_perplexity'], [metric]))
        as metric)
    from lists
)
select *, null::double[] as stats from means
union all by name select *, score_of(metric, stats) as value from named;

-- Languages that an arm's intermediate training names; those of "all" are the ones that its training has met.
create view intermediate as
with mixes as (
    select suite, arm.key as arm, unnest((arm.value->'mix')::json[]) as mix
    from suites, json_each(declaration, '$.arms') as arm
)
select suite, arm, unnest((mix->'languages')::varchar[]) as "language" from mixes
where json_type(mix, '$.languages') = 'ARRAY'
union
select suite, arm, s.language from mixes join seen s using (suite, arm)
where mix->>'languages' = 'all' and s.seen in ('target', 'intermediate');

-- The mean over seeds of one arm less that of the other, language by language, in what is a ratio. A contrast whose arms
-- and target are another's as well, and which differs by its `by` alone, has that one's gains and stands once.
create view gains as
with asked as (
    select * from (select suite, contrast, a, b, "by", unnest(targets) as target from contrasts)
    qualify row_number() over (partition by suite, a, b, target order by "by" is not null, contrast) = 1
), every as materialized (
    select suite, arm, target, seed, dataset, split, "language", direction, layer, metric, n, value
    from scores where value is not null and metric not in ('bits_per_byte', 'pseudo_perplexity')
), directions as (
    from every
    union all by name
    select * exclude (direction, n, value), min(n) as n, avg(value) as value
    from every where direction is not null group by all
), arms as (
    select * exclude (seed, n, value), min(n) as n, avg(value) as value from directions group by all
)
select c.suite, c.contrast, c.target, a.dataset, a.split, a.metric, a.direction, a.layer, a.language, l.unit,
    l.cluster, a.value - b.value as gain, least(a.n, b.n) as n, coalesce(seen_a.seen, seen_b.seen) as seen
from asked c
join arms a on a.suite = c.suite and a.arm = c.a and a.target = c.target
join arms b on b.suite = c.suite and b.arm = c.b and b.target = c.target and b.dataset = a.dataset
    and b.split = a.split and b.language = a.language and b.metric = a.metric
    and b.direction is not distinct from a.direction and b.layer is not distinct from a.layer
left join seen seen_a on seen_a.suite = c.suite and seen_a.arm = c.a and seen_a.target = c.target
    and seen_a.language = a.language
left join seen seen_b on seen_b.suite = c.suite and seen_b.arm = c.b and seen_b.target = c.target
    and seen_b.language = a.language
left join languages l on l.code = a.language;

-- An average over languages: codes in their unit, units in their family, families (docs/statistics.md). `rel` names a
-- table with language, value and n; whatever other columns it has are kept apart.
create macro family_first(rel) as table
with units as (
    select r.* exclude ("language", value, n), l.cluster as families, l.unit as units, avg(value) as value,
        count(*) as languages, min(n) as n
    from query_table(rel) r join languages l on l.code = r.language group by all
), families as (
    select * exclude (units, value, languages, n), avg(value) as value, count(*) as units,
        sum(languages) as languages, min(n) as n
    from units group by all
)
select * exclude (families, value, units, languages, n), avg(value) as value, count(*) as families,
    sum(units)::bigint as units, sum(languages)::bigint as languages, min(n) as n
from families group by all;

-- Gains at every level of a column of `languages` (or any expression of one), apart for languages that either arm has
-- seen. `rel` is `gains`, or what was made of it.
create macro gain_by(rel, level) as table
with levels as (
    select g.suite, g.contrast, g.target, g.dataset, g.split, g.metric, g.direction, g.layer, g.seen is not null as met,
        level as level, g.language, g.gain as value, g.n
    from query_table(rel) g join languages l on l.code = g.language
)
select * exclude (value) rename (n as items), value as gain from family_first(levels);
