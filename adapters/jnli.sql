-- One pair a line of JSON. Pairs are of captions of one image, which is a block: the first part of yjcaptions_id.
with
pairs as materialized (
    select *, row_number() over () as n
    from read_json($root || '/datasets/jnli-v1.3/*-v1.3.json', format = 'newline_delimited', filename = 'file',
        columns = {
            sentence_pair_id: 'VARCHAR', yjcaptions_id: 'VARCHAR', sentence1: 'VARCHAR', sentence2: 'VARCHAR',
            label: 'VARCHAR'
        })
),
starts as (select file, min(n) as start from pairs group by file)
select replace(string_split(parse_filename(file), '-')[1], 'valid', 'dev') as split, 'ja' as language, sentence_pair_id as id,
    'jnli:' || split || ':' || id as source, 'yjcaptions:' || string_split(yjcaptions_id, '-')[1] as block,
    sentence1 as text, sentence2 as text_pair, label, file, n - start + 1 as line
from pairs join starts using (file)
order by n
