-- The Hub's layout: a split for each round. Pairs of one context are a block.
select split, 'en' as language, uid as id, 'anli:' || uid as source, md5(premise) as block, premise as text,
    hypothesis as text_pair, label
from raw
order by split, row
