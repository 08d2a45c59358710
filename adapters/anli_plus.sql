-- SNLI, MultiNLI and ANLI together, under the sources that the pairs have in the data sets of these names. Pairs
-- without a majority label are left out.
with
snli as (
    select sentence1 as text, sentence2 as text_pair, gold_label as label, 'snli:' || captionID as block, file,
        null as uid, 'snli:' || parse_filename(file, true)[10:] as part, row_number() over () as n
    from read_json([$root || '/snli_1.0/snli_1.0_train.jsonl', $root || '/snli_1.0/snli_1.0_dev.jsonl'],
        format = 'newline_delimited', filename = 'file',
        columns = {captionID: 'VARCHAR', sentence1: 'VARCHAR', sentence2: 'VARCHAR', gold_label: 'VARCHAR'})
),
mnli as (
    select sentence1 as text, sentence2 as text_pair, gold_label as label, 'mnli:' || promptID as block, file,
        null as uid, 'mnli:' || parse_filename(file, true)[14:] as part, row_number() over () as n
    from read_json($root || '/multinli_1.0/multinli_1.0_*.jsonl', format = 'newline_delimited', filename = 'file',
        columns = {promptID: 'VARCHAR', sentence1: 'VARCHAR', sentence2: 'VARCHAR', gold_label: 'VARCHAR'})
),
anli as (
    select context as text, hypothesis as text_pair,
        case label
            when 'e' then 'entailment' when 'n' then 'neutral' when 'c' then 'contradiction' else label
        end as label,
        md5(context) as block, file, uid, 'anli:' || parse_filename(file, true) as part, row_number() over () as n
    from read_json([$root || '/anli_v1.0/R*/train.jsonl', $root || '/anli_v1.0/R*/dev.jsonl'],
        format = 'newline_delimited', filename = 'file',
        columns = {uid: 'VARCHAR', context: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR'})
),
pairs as materialized (from snli union all by name from mnli union all by name from anli),
starts as (select file, min(n) as start from pairs group by file)
select if(part like '%:train', 'train', 'dev') as split, 'en' as language,
    if(part like 'anli:%', 'anli:' || uid, part || ':' || (n - start)) as id, id as source, block, text, text_pair,
    label, file, n - start + 1 as line, if(label = '-', 'no majority label', null) as skipped
from pairs join starts using (file)
order by part, n
