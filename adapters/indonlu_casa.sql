-- One review a line, and what it thinks of six aspects in a column each: a row here is a review and an aspect.
with
reviews as materialized (
    select *, row_number() over () as n
    -- Headers are not compared: in another order, a label would be none of the card's.
    from read_csv($root || '/dataset/casa_absa-prosa/*_preprocess.csv', delim = ',', quote = '"', escape = '"',
        header = true, auto_detect = false, filename = 'file', columns = {sentence: 'VARCHAR', fuel: 'VARCHAR',
        machine: 'VARCHAR', others: 'VARCHAR', part: 'VARCHAR', price: 'VARCHAR', service: 'VARCHAR'})
),
starts as (select file, min(n) as start from reviews group by file),
opinions as (
    select replace(parse_filename(file)[:-16], 'valid', 'dev') as split, n - start as i, *
    from (unpivot reviews on fuel, machine, others, part, price, service into name aspect value label)
    join starts using (file)
)
select split, 'ind_Latn' as language, i || '-' || aspect as id, 'indonlu_casa:' || split || ':' || id as source,
    'indonlu_casa:' || split || ':' || i as block, sentence as text, aspect as text_pair, label, file, i + 2 as line
from opinions
order by n, aspect
