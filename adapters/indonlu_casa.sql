-- One review a line, and what it thinks of six aspects in a column each: a row here is a review and an aspect.
with
lines as materialized (
    select *, row_number() over () as n
    from read_csv($root || '/dataset/casa_absa-prosa/*_preprocess.csv', delim = ',', quote = '"', escape = '"',
        header = false, auto_detect = false, filename = 'file', columns = {sentence: 'VARCHAR', fuel: 'VARCHAR',
        machine: 'VARCHAR', others: 'VARCHAR', part: 'VARCHAR', price: 'VARCHAR', service: 'VARCHAR'})
),
starts as (select file, min(n) as start from lines group by file),
reviews as (
    from lines
    -- Another first line than this header has no id and is refused.
    where (sentence, fuel, machine, others, part, price, service) is distinct from
        ('sentence', 'fuel', 'machine', 'others', 'part', 'price', 'service')
),
opinions as (
    select replace(parse_filename(file)[:-16], 'valid', 'dev') as split, nullif(n - start - 1, -1) as i, *
    from (unpivot reviews on fuel, machine, others, part, price, service into name aspect value label)
    join starts using (file)
)
select split, 'ind_Latn' as language, i || '-' || aspect as id, 'indonlu_casa:' || split || ':' || id as source,
    'indonlu_casa:' || split || ':' || i as block, sentence as text, aspect as text_pair, label, file,
    n - start + 1 as line
from opinions
order by n, aspect
