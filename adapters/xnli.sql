-- One pair a line, the same pair in every language. Three lines in a row share their premise: they are a block.
with
pairs as materialized (
    select *, row_number() over () as n
    from read_csv($root || '/xnli/dev-*.tsv', delim = '\t', quote = '', escape = '', header = false,
        auto_detect = false, columns = {premise: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from pairs group by file),
numbered as (select *, n - start as i from pairs join starts using (file))
select 'dev' as split, parse_filename(file, true)[5:] as language, i::varchar as id, 'xnli:dev:' || i as source,
    'xnli:dev:premise:' || i // 3 as block, premise as text, hypothesis as text_pair, label, file, i + 1 as line
from numbered
order by n
