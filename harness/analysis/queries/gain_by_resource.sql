-- Gain by resource class and presence in XLM-R's pretraining
-- A row is one class of Joshi et al. 2020 (0 the poorest, 5 the richest) inside or outside the text that XLM-R was
-- pretrained on (`in_xlmr`), under one contrast, target and measure: the mean over families of what arm a scores above
-- arm b, as a ratio. An empty class is unknown. `met`, `items` and direction as in gain_by_family.
select level.joshi_class as joshi_class, level.in_xlmr as in_xlmr, * exclude (level)
from gain_by(gains, {'joshi_class': joshi_class, 'in_xlmr': in_xlmr})
order by suite, contrast, target, dataset, metric, layer, direction nulls first, met, joshi_class, in_xlmr;
