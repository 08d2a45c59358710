-- One sentence a line: its number, counted from 0, is the id. The block is the page that it was taken from.
-- A partition does not keep the order of its file, so that only its smallest n is taken from it.
with
lines as (
    select filename, text, row_number() over () as n
    from read_csv([$root || '/flores200_dataset/dev/*.dev', $root || '/flores200_dataset/devtest/*.devtest'],
        delim = chr(10), quote = '', escape = '', header = false, auto_detect = false,
        columns = {text: 'VARCHAR'}, filename = true)
),
sentences as (
    select *, string_split(parse_filename(filename), '.') as name, n - min(n) over (partition by filename) as i
    from lines
),
pages as (
    select filename, "URL" as url, row_number() over () as n
    from read_csv($root || '/flores200_dataset/metadata_*.tsv', delim = '\t', quote = '', escape = '',
        header = true, all_varchar = true, filename = true)
),
articles as (
    select replace(parse_filename(filename, true), 'metadata_', '') as split, url,
        n - min(n) over (partition by filename) as i
    from pages
)
select name[2] as split, name[1] as language, sentences.i::varchar as id,
    'flores200:' || name[2] || ':' || sentences.i as source, url as block, text,
    filename as file, sentences.i + 1 as line
from sentences left join articles on name[2] = split and sentences.i = articles.i
order by n
