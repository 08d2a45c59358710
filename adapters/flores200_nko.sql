-- FLORES-200's sentences in N'Ko, line by line as in the other languages, whose pages they share. One sentence a
-- line: its number, counted from 0, is the id. The block is the page that it was taken from.
with
lines as materialized (
    select string_split(parse_filename(file), '.') as name, file, text, row_number() over () as n
    from read_csv($root || '/nko_flores/nqo_Nkoo.dev*', delim = chr(10), quote = '', escape = '', header = false,
        auto_detect = false, columns = {text: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
pages as (
    select regexp_extract(file, 'metadata_(.*)\.tsv', 1) as split, string_split(line, chr(9))[1] as url,
        row_number() over () as n
    from read_csv($root || '/flores200_dataset/metadata_*.tsv', delim = chr(10), quote = '', escape = '',
        header = false, auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
-- The header is line 0. Without it the last sentence would have no page, and is refused.
articles as (select split, nullif(url, '') as url, n - min(n) over (partition by split) - 1 as i from pages)
select name[2] as split, name[1] as language, (n - start)::varchar as id,
    'flores200:' || name[2] || ':' || (n - start) as source, url as block, text, file, n - start + 1 as line
from lines join starts using (file) left join articles on name[2] = split and n - start = i
order by n
