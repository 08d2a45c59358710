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

-- Example scores as a suite counts them: in the languages that it asks for, without items that training has met.
create view counted as
with asked as (select distinct suite, target, job from cells where phase = 'score')
select a.suite, a.target, e.* from example_scores e join asked a on a.job = e.job
where (a.target = 'intermediate' or exists (
        from seen s where s.suite = a.suite and s.target = a.target and s.language = e.language))
    and not exists (
        from masked m where m.suite = a.suite and m.target = a.target and m.dataset = e.dataset and m.split = e.split
            and m.id = e.id);

-- Per job and language first, then the join with the cells that a job fills.
create view scores as
with means as (
    select suite, target, job, dataset, edition, split, language, other, direction, layer, metric,
        count(*) as n, avg(value) as value
    from counted where value is not null group by all
), counts as (
    select suite, target, job, dataset, edition, split, language, other, direction, layer, metric,
        unnest(stats) as s, generate_subscripts(stats, 1) as i
    from counted where stats is not null
), sums as (
    select * exclude (s, i), i, count(*) as n, sum(s) as s from counts group by all
), lists as (
    select * exclude (i, s), list(s order by i) as sums from sums group by all
), every as (
    from means union all select * exclude (sums), score_of(metric, sums) from lists
)
select c.suite, c.arm, c.target, c.seed, e.* exclude (suite, target, job)
from every e join cells c on c.job = e.job and c.suite = e.suite and c.target = e.target and c.phase = 'score';
