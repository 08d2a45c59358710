-- The Hub's layout: a configuration a language, and `default`, which is all of them. The sentences are FLORES-200's, in
-- its order: counted from the lowest id they have the same source as there. The block is a sentence's page.
with sentences as (
    select *, (id - min(id) over (partition by split))::varchar as number from raw where config <> 'default'
)
select split, config as language, number as id, 'flores200:' || split || ':' || number as source, url as block, text
from sentences
-- A name of three parts is a variety, and a second translation but for the two languages that have varieties alone.
where len(string_split(config, '_')) = 2 or config[:8] in ('apc_Arab', 'twi_Latn')
order by config, split, row
