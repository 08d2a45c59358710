-- The Hub's layout: the makers' items in their order. Those of test have no label.
with items as (select *, if(split = 'validation', 'dev', split) as part from raw where split <> 'test')
select part as split, 'eng_Latn' as language, row::varchar as id, 'hellaswag:' || part || ':' || row as source,
    'hellaswag:' || source_id as block, ctx as text, endings as choices, label
from items
order by part, row
