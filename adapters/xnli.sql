-- One pair a line, the same pair in every language. Three lines in a row share their premise: they are a block.
with
lines as materialized (
    -- A line with fewer or more cells is no label.
    select string_split(line, chr(9)) as cells, if(len(cells) = 3, cells[3], line) as label, file,
        row_number() over () as n
    from read_csv($root || '/xnli/dev-*.tsv', delim = chr(10), quote = '', escape = '', header = false,
        auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
numbered as (select *, n - start as i from lines join starts using (file))
select 'dev' as split, parse_filename(file, true)[5:] as language, i::varchar as id, 'xnli:dev:' || i as source,
    'xnli:dev:premise:' || i // 3 as block, nullif(cells[1], '') as text, nullif(cells[2], '') as text_pair,
    label, file, i + 1 as line
from numbered
order by n
