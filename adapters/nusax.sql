-- CSV whose cells may hold line breaks. Ids are the same in all languages.
with
sentences as materialized (
    select *, row_number() over () as n
    from read_csv($root || '/datasets/sentiment/*/*.csv', delim = ',', quote = '"', escape = '"', header = false,
        auto_detect = false, columns = {id: 'VARCHAR', text: 'VARCHAR', label: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from sentences group by file)
select replace(parse_filename(file, true), 'valid', 'dev') as split, string_split(file, '/')[-2] as language, id,
    'nusax:' || split || ':' || id as source, text, label, file,
    n - start + 1 as line
from sentences join starts using (file)
-- Another header than this one is read as a sentence and refused for its label.
where (id, text, label) is distinct from ('id', 'text', 'label')
order by n
