-- The Hub's layout: the makers' pairs in their order, without their captions' ids. Pairs of one premise are a block.
with pairs as (select *, if(split = 'validation', 'dev', split) as part from raw)
select part as split, 'en' as language, row::varchar as id, 'snli:' || part || ':' || row as source,
    md5(premise) as block, premise as text, hypothesis as text_pair, label,
    if(label is null, 'no majority label', null) as skipped
from pairs
order by part, row
