-- JSON lines. `id` names the exam that a question is from and repeats: it is the block, and the line is the id.
with
items as materialized (
    select *, parse_filename(file, true) as name, row_number() over () as n
    from read_json($root || '/data/multiple-choice/*.jsonl', format = 'newline_delimited', columns = {id: 'VARCHAR',
        question: 'VARCHAR', candidates: 'VARCHAR[]', answer: 'VARCHAR'}, filename = 'file')
    where parse_filename(file, true) in ('train', 'valid', 'test')
),
starts as (select file, min(n) as start from items group by file),
named as (select *, if(name = 'valid', 'dev', name) as split, n - start as i from items join starts using (file))
select split, 'pes_Arab' as language, i::varchar as id, 'parsinlu_mc:' || split || ':' || i as source,
    'parsinlu_mc:' || id as block, question as text, candidates as choices,
    -- Counted from 1, in digits of either script.
    try_cast(translate(answer, '۰۱۲۳۴۵۶۷۸۹', '0123456789') as int) - 1 as label, file, i + 1 as line
from named
order by n
