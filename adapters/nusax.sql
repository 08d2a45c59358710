-- CSV whose cells may hold line breaks: a row's line is found by counting those before it. Ids are the same everywhere.
with
sentences as materialized (
    select id, text, label, file, row_number() over () as n, length(text) - length(replace(text, chr(10), '')) as breaks
    -- Headers are not compared: in another order, the label would be none of the card's.
    from read_csv($root || '/datasets/sentiment/*/valid.csv', delim = ',', quote = '"', escape = '"', header = true,
        auto_detect = false, columns = {id: 'VARCHAR', text: 'VARCHAR', label: 'VARCHAR'}, filename = 'file')
)
select 'dev' as split, string_split(file, '/')[-2] as language, id, 'nusax:dev:' || id as source, text, label,
    file, sum(breaks + 1) over (partition by file order by n) - breaks + 1 as line
from sentences
order by n
