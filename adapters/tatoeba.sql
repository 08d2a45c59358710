-- Two files a language, aligned line by line. English differs from pair to pair, so that its ids carry the pair's
-- language: a sentence and its translation share an id, and English has the sentences of all pairs.
with
lines as materialized (
    select text, file, row_number() over () as n
    from read_csv($root || '/v1/tatoeba.*-eng.*', delim = chr(10), quote = '', escape = '', header = false,
        auto_detect = false, columns = {text: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
sentences as (
    select string_split(parse_filename(file), '.') as name, text, file, n, n - start as i
    from lines join starts using (file)
)
select 'test' as split, name[3] as language, string_split(name[2], '-')[1] || '-' || i as id,
    'tatoeba:test:' || id as source, text, file, i + 1 as line
from sentences
order by n
