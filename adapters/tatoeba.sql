-- Two files a language, aligned line by line. English differs from pair to pair, so that its ids carry the pair's language:
-- a sentence and its translation share an id, and English has the sentences of all pairs.
-- A partition does not keep the order of its file, so that only its smallest n is taken from it.
with
lines as (
    select filename, text, row_number() over () as n
    from read_csv($root || '/v1/tatoeba.*-eng.*', delim = chr(10), quote = '', escape = '', header = false,
        auto_detect = false, columns = {text: 'VARCHAR'}, filename = true)
),
sentences as (
    select *, string_split(parse_filename(filename), '.') as name, n - min(n) over (partition by filename) as i
    from lines
)
select 'test' as split, name[3] as language, string_split(name[2], '-')[1] || '-' || i as id,
    'tatoeba:test:' || id as source, text, filename as file, i + 1 as line
from sentences
order by n
