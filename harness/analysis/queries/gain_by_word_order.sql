-- Gain by word order and affixing
-- A row is one order of subject, object and verb (WALS 81A) with one kind of affixing (WALS 26A), under one contrast,
-- target and measure: the mean over families of what arm a scores above arm b, as a ratio. Empty is unknown to WALS.
-- `met`, `items` and direction as in gain_by_family.
select level.word_order as word_order, level.affixing as affixing, * exclude (level)
from gain_by(gains, {'word_order': word_order, 'affixing': wals_26A_affixing})
order by suite, contrast, target, dataset, metric, layer, direction nulls first, met, word_order, affixing;
