-- Gain by distance to the nearest intermediate language
-- A row is one band of one kind of distance between the language under test and the nearest language of arm a's
-- intermediate training, under one contrast, target and measure: the mean over families of what arm a scores above
-- arm b, as a ratio. `at_least` opens the band: a tenth wide, 1,000 for kilometres. Kinds of distance are those of
-- datacards/languages.md. Arms without intermediate training have no row. `met`, `items` and direction as in
-- gain_by_family.
with nearest as (
    select c.suite, c.contrast, d.a as "language",
        min(columns(d.* exclude (a, b, same_family, same_script)))
    from contrasts c join intermediate i on i.suite = c.suite and i.arm = c.a join distances d on d.b = i.language
    group by all
), kinds as (
    unpivot nearest on columns(* exclude (suite, contrast, "language")) into name kind value away
), near as (
    select g.*, k.kind, case when k.kind = 'geographic_km' then floor(k.away / 1000) * 1000
        else floor(k.away * 10) / 10 end as at_least
    from gains g join kinds k using (suite, contrast, "language")
)
select level.distance as distance, level.at_least as at_least, * exclude (level)
from gain_by(near, {'distance': kind, 'at_least': at_least})
order by suite, contrast, target, dataset, metric, layer, direction nulls first, met, distance, at_least;
