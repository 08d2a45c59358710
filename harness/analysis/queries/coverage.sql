-- What was scored, and what is missing
-- A row is one language under one arm, target and data set: how many items it has in the seed and measure that has
-- fewest, and in how many seeds it was scored. `missing_items` are those that another arm has in the same language,
-- `missing_seeds` those that the suite asks for and that have no score yet. What is missing stands first.
with asked as (
    select suite, arm, target, count(distinct seed) as seeds from cells where phase = 'score' group by all
), found as (
    select suite, arm, target, dataset, "language", count(distinct seed) as seeds, min(n) as items
    from scores group by all
), listed as (
    select s.suite, s.target, f.dataset, s.arm, s.language, coalesce(f.items, 0) as items,
        coalesce(f.seeds, 0) as seeds, coalesce(a.seeds, 0) - coalesce(f.seeds, 0) as missing_seeds
    from seen s left join found f using (suite, arm, target, "language") left join asked a using (suite, arm, target)
)
select suite, target, dataset, arm, "language", items, seeds,
    max(items) over (partition by suite, target, "language", coalesce(dataset, '')) - items as missing_items,
    missing_seeds
from listed
order by missing_seeds > 0 desc, missing_items > 0 desc, suite, target, dataset, arm, "language";
