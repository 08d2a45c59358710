-- JSON lines. The block is the video or the article that a context is from, which `source_id` names.
with
items as materialized (
    select *, if(contains(parse_filename(file), 'train'), 'train', 'dev') as split, row_number() over () as n
    from read_json([$root || '/hellaswag_train.jsonl', $root || '/hellaswag_val.jsonl'], format = 'newline_delimited',
        columns = {ctx: 'VARCHAR', endings: 'VARCHAR[]', label: 'VARCHAR', source_id: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from items group by file),
numbered as (select *, n - start as i from items join starts using (file))
select split, 'eng_Latn' as language, i::varchar as id, 'hellaswag:' || split || ':' || i as source,
    'hellaswag:' || source_id as block, ctx as text, endings as choices, label, file, i + 1 as line
from numbered
order by n
