-- One sentence a line as JSON, a file a language in each of two folders. The sentences are FLORES-200's, in its order:
-- counted from the lowest id they have the same source as there. The block is the page that a sentence was taken from.
with
sentences as materialized (
    select string_split(file, '/')[-2] as split, parse_filename(file, true) as name, try_cast(id as int) as number,
        text, url, file, row_number() over () as n
    from read_json([$root || '/dev/*.jsonl', $root || '/devtest/*.jsonl'], format = 'newline_delimited',
        filename = 'file', columns = {id: 'VARCHAR', text: 'VARCHAR', url: 'VARCHAR'})
),
starts as (select file, min(n) as start from sentences group by file),
firsts as (select split, min(number) as first_number from sentences group by split),
-- A name of three parts is a variety, and a second translation but for the two languages that have varieties alone.
named as (
    select *, len(string_split(name, '_')) > 2 and name[:8] not in ('apc_Arab', 'twi_Latn') as second from sentences
)
select split, if(second, name[:8], name) as language, (number - first_number)::varchar as id,
    'flores200:' || split || ':' || id as source, url as block, text, file, n - start + 1 as line,
    if(second, 'second translation into the language', null) as skipped
from named join starts using (file) join firsts using (split)
order by n
