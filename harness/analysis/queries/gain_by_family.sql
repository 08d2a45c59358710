-- Gain by language family
-- A row is one family under one contrast, target and measure: the mean over its languages of what arm a scores above
-- arm b, as a ratio (0.01 is a point). Scripts and standards of one language count once. `met` is true for languages
-- that either arm has seen in training or in choosing its model, `items` are those of the language that has fewest. A direction that is
-- empty is the mean of both.
from gain_by(gains, g.cluster) select * exclude (families) rename (level as family)
order by suite, contrast, target, dataset, metric, layer, direction nulls first, met, round(gain, 9) desc, family;
