-- One pair a line of JSON. Pairs on which the annotators had no majority are labelled - and left out. Pairs of one
-- caption are a block.
with
pairs as materialized (
    select *, row_number() over () as n
    from read_json($root || '/snli_1.0_*.jsonl', format = 'newline_delimited', filename = 'file',
        columns = {captionID: 'VARCHAR', sentence1: 'VARCHAR', sentence2: 'VARCHAR', gold_label: 'VARCHAR'})
),
starts as (select file, min(n) as start from pairs group by file)
select parse_filename(file, true)[10:] as split, 'en' as language, (n - start)::varchar as id,
    'snli:' || split || ':' || id as source, 'snli:' || captionID as block, sentence1 as text, sentence2 as text_pair,
    gold_label as label, file, n - start + 1 as line, if(label = '-', 'no majority label', null) as skipped
from pairs join starts using (file)
order by n
