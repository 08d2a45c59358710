-- Gain by script
-- A row is one script (ISO 15924) under one contrast, target and measure: the mean over families of what arm a scores
-- above arm b, as a ratio. `met`, `items` and direction as in gain_by_family.
from gain_by(gains, script) select * rename (level as script)
order by suite, contrast, target, dataset, metric, layer, direction nulls first, met, families desc, script;
