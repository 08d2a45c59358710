-- Scores of every language
-- A row is one language under one arm, target and measure: the mean of its score over seeds and its standard deviation
-- among them, as ratios. `items` are the examples scored in each seed; `seen` is the phase that trained on the
-- language, or `selected` where its dev set chose the model.
with every as (
    select suite, target, dataset, split, metric, direction, layer, arm, "language", avg(value) as score,
        stddev_samp(value) as sd, count(value) as seeds, min(n) as items
    from scores group by all
)
select e.suite, e.target, e.dataset, e.split, e.metric, e.direction, e.layer, e.arm, e.language, l.name,
    l.cluster as family, e.score, e.sd, e.seeds, e.items, s.seen
from every e left join languages l on l.code = e.language
left join seen s on s.suite = e.suite and s.arm = e.arm and s.target = e.target and s.language = e.language
order by e.suite, e.target, e.dataset, e.metric, e.layer, e.direction, e.arm, e.language;
