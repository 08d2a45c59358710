-- One pair a line, the same pair in every language. Pairs whose first sentence is the same in English are a block.
with
lines as materialized (
    -- A line with fewer or more cells is no label.
    select string_split(line, chr(9)) as cells, if(len(cells) = 3, cells[3], line) as label, file,
        row_number() over () as n
    from read_csv($root || '/pawsx/[dt][er][av]*-*.tsv', delim = chr(10), quote = '', escape = '', header = false,
        auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
pairs as (
    select *, string_split(parse_filename(file, true), '-') as name, name[1] as split, name[2] as language,
        n - start as i
    from lines join starts using (file)
),
blocks as (select split, i, min(i) over (partition by split, cells[1]) as block from pairs where language = 'en')
select split, language, i::varchar as id, 'pawsx:' || split || ':' || i as source,
    'pawsx:' || split || ':first:' || block as block, nullif(cells[1], '') as text, nullif(cells[2], '') as text_pair,
    case label when '0' then 'different' when '1' then 'paraphrase' else label end as label, file, i + 1 as line
from pairs left join blocks using (split, i)
order by n
