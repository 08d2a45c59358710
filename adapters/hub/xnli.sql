-- The Hub's layout: a configuration a language, the same pairs in each. Training pairs are MultiNLI's, in its order.
with pairs as (
    select *, if(split = 'validation', 'dev', split) as part,
        if(split = 'train', 'mnli:train:', 'xnli:' || part || ':') as origin
    from raw
)
select part as split, config as language, row::varchar as id, origin || row as source,
    if(split = 'train', origin || row, origin || 'premise:' || row // 3) as block, premise as text,
    hypothesis as text_pair, label
from pairs
order by config, part, row
