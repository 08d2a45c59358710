-- Two corpora a pair of languages, one sentence a line after its id, and a list of which are translations. Those share
-- an id, the other language's; English differs from pair to pair, so that its ids carry the pair's language.
with
lines as materialized (
    select string_split(parse_filename(file), '.') as name, number, text, file, row_number() over () as n
    from read_csv([$root || '/*/??-en.sample.??', $root || '/*/??-en.training.??'], delim = '\t', quote = '',
        escape = '', header = false, auto_detect = false, columns = {number: 'VARCHAR', text: 'VARCHAR'},
        filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
pairs as (
    select string_split(parse_filename(file), '.')[:2] as corpus, other, english
    from read_csv([$root || '/*/??-en.sample.gold', $root || '/*/??-en.training.gold'], delim = '\t', quote = '',
        escape = '', header = false, auto_detect = false, columns = {other: 'VARCHAR', english: 'VARCHAR'},
        filename = 'file')
),
translations as (select corpus, english, min(other) as other from pairs group by all)
select if(name[2] = 'sample', 'dev', 'test') as split, name[3] as language,
    if(language = 'en', coalesce(other, name[1][:2] || ':' || number), number) as id,
    'bucc2018:' || split || ':' || id as source, text, file, n - start + 1 as line
from lines join starts using (file) left join translations on name[:2] = corpus and name[3] = 'en' and number = english
order by n
