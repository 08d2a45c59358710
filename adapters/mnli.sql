-- One pair a line of JSON. Pairs on which the annotators had no majority are labelled - and left out. Pairs of one
-- prompt share their premise and are a block.
with
pairs as materialized (
    select *, row_number() over () as n
    from read_json($root || '/multinli_1.0_*.jsonl', format = 'newline_delimited', filename = 'file',
        columns = {promptID: 'VARCHAR', sentence1: 'VARCHAR', sentence2: 'VARCHAR', gold_label: 'VARCHAR'})
),
starts as (select file, min(n) as start from pairs group by file)
select parse_filename(file, true)[14:] as split, 'en' as language, (n - start)::varchar as id,
    'mnli:' || split || ':' || id as source, 'mnli:' || promptID as block, sentence1 as text, sentence2 as text_pair,
    gold_label as label, file, n - start + 1 as line, if(label = '-', 'no majority label', null) as skipped
from pairs join starts using (file)
order by n
