-- One tweet a line. Oromo has a column ID before the two, so that a cell is found by its name in the file's header.
with
lines as materialized (
    select string_split(line, chr(9)) as cells, file, row_number() over () as n
    from read_csv($root || '/data/*/*.tsv', delim = chr(10), quote = '', escape = '', header = false,
        auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
heads as (select file, min(n) as start, arg_min(cells, n) as head from lines group by file),
numbered as (
    select cells[list_position(head, 'tweet')] as tweet, parse_filename(file, true) as split,
        string_split(file, '/')[-2] as language, file, n, n - start as i,
        if(len(cells) = len(head), cells[list_position(head, 'label')], null) as label
    from lines join heads using (file)
)
-- Tweets of two languages have nothing to do with each other: their ids carry the language.
select split, language, language || '-' || (i - 1) as id, 'afrisenti:' || split || ':' || id as source, tweet as text,
    label, file, i + 1 as line
from numbered
where i > 0
order by n
