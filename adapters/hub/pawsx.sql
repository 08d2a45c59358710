-- The Hub's layout: a configuration a language, the same pairs in each. Pairs whose first sentence is the same in
-- English are a block.
with
pairs as (select *, if(split = 'validation', 'dev', split) as part from raw),
blocks as (select part, row, min(row) over (partition by part, sentence1) as block from pairs where config = 'en')
select part as split, config as language, row::varchar as id, 'pawsx:' || part || ':' || row as source,
    'pawsx:' || part || ':first:' || block as block, sentence1 as text, sentence2 as text_pair,
    case label::varchar when '0' then 'different' when '1' then 'paraphrase' else label::varchar end as label
from pairs left join blocks using (part, row)
order by config, part, row
