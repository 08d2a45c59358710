-- What is derived from the store's tables: the score of every job and language, and of every cell.

-- A score that does not exist (0/0) is NULL and enters no mean.
create macro score_of(metric, s) as case metric
    when 'f1' then 2 * s[1] / nullif(2 * s[1] + s[2] + s[3], 0)
    when 'token_accuracy' then s[1] / nullif(s[2], 0)
    when 'macro_f1' then list_avg([2 * s[i] / (2 * s[i] + s[i + 1] + s[i + 2])
        for i in range(1, len(s) + 1, 3) if s[i] + s[i + 2] > 0])
    when 'balanced_accuracy' then list_avg([s[i] / (s[i] + s[i + 2])
        for i in range(1, len(s) + 1, 3) if s[i] + s[i + 2] > 0])
end;

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
