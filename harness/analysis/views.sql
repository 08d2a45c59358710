-- The store as tables. $store, $languages and $clusters are literals; a table that has no file yet is empty.

create macro score_of(metric, s) as case metric
    when 'f1' then 2 * s[1] / (2 * s[1] + s[2] + s[3])
    when 'token_accuracy' then s[1] / s[2]
    when 'macro_f1' then list_avg([2 * s[i] / (2 * s[i] + s[i + 1] + s[i + 2])
        for i in range(1, len(s) + 1, 3) if s[i] + s[i + 2] > 0])
    when 'balanced_accuracy' then list_avg([s[i] / (s[i] + s[i + 2])
        for i in range(1, len(s) + 1, 3) if s[i] + s[i + 2] > 0])
end;

create view languages as
select l.*, l.glottocode_language as unit,
    case when c.cluster is not null then c.cluster
         when l.family is null or b.value is not null then l.name
         else l.family end as "cluster"
from read_csv($languages, all_varchar = true) l
left join read_csv($clusters, all_varchar = true) c on c."column" = 'code' and c.value = l.code
left join read_csv($clusters, all_varchar = true) b on b."column" = 'family' and b.value = l.family;

-- Per job and language first, then the join: a language's score does not depend on how many suites ask for it.
create view job_scores as
with means as (
    select job, dataset, edition, split, language, other, direction, layer, metric,
        count(*) as n, avg(value) as value
    from example_scores where value is not null group by all
), counts as (
    select job, dataset, edition, split, language, other, direction, layer, metric,
        unnest(stats) as s, generate_subscripts(stats, 1) as i
    from example_scores where stats is not null
), sums as (
    select * exclude (s, i), i, count(*) as n, sum(s) as s from counts group by all
), lists as (
    select * exclude (i, s), list(s order by i) as sums from sums group by all
)
select * from means
union all
select * exclude (sums), score_of(metric, sums) from lists;

create view scores as
select c.suite, c.arm, c.target, c.seed, j.* exclude (job)
from job_scores j
join cells c on c.job = j.job and c.phase = 'score'
where c.target = 'intermediate' or exists (
    from seen s where s.suite = c.suite and s.arm = c.arm and s.target = c.target and s.language = j.language);
