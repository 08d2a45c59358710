-- One pair a line, the same pair in every language. Three lines in a row share their premise: they are a block.
with
pairs as (
    select *, row_number() over () as n
    from read_csv($root || '/xnli/dev-*.tsv', delim = '\t', quote = '', escape = '', header = false,
        auto_detect = false, columns = {premise: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR'}, filename = true)
),
numbered as (
    -- A partition does not keep the order of its file, so that only its smallest n is taken from it.
    select *, n - min(n) over (partition by filename) as i
    from pairs
)
select 'dev' as split, parse_filename(filename, true)[5:] as language, i::varchar as id, 'xnli:dev:' || i as source,
    'xnli:dev:premise:' || i // 3 as block, premise as text, hypothesis as text_pair, label,
    filename as file, i + 1 as line
from numbered
order by n
