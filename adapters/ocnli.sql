-- One pair a line of JSON. The smaller training files are parts of the larger ones, under the same ids: of those at
-- hand the first file has a pair. Pairs of which the five annotators had no majority are labelled - and left out.
with
pairs as materialized (
    select *, row_number() over () as n
    from read_json([$root || '/data/ocnli/dev.json', $root || '/data/ocnli/train.*k.json'],
        format = 'newline_delimited', filename = 'file', columns = {
            id: 'VARCHAR', prem_id: 'VARCHAR', sentence1: 'VARCHAR', sentence2: 'VARCHAR', label: 'VARCHAR'
        })
),
starts as (select file, min(n) as start from pairs group by file)
select string_split(parse_filename(file), '.')[1] as split, 'zh' as language, id,
    'ocnli:' || split || ':' || id as source, 'ocnli:' || prem_id as block, sentence1 as text, sentence2 as text_pair,
    label, file, n - start + 1 as line, if(label = '-', 'no majority label', null) as skipped
from pairs join starts using (file)
qualify file = first_value(file) over (partition by split, id order by n)
order by n
