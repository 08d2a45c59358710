-- One pair of questions a line of JSON. Pairs that share their first question are a block.
with
pairs as (
    select *, row_number() over () as n
    from read_json($root || '/data/qqp/*.jsonl', format = 'newline_delimited', filename = 'file',
        columns = {q1: 'VARCHAR', q2: 'VARCHAR', label: 'VARCHAR'})
),
starts as (select file, min(n) as start from pairs group by file)
select parse_filename(file, true) as split, 'fa' as language, (n - start)::varchar as id,
    'parsinlu_qqp:' || split || ':' || id as source, md5(q1) as block, q1 as text, q2 as text_pair,
    case pairs.label when '0' then 'different' when '1' then 'paraphrase' else pairs.label end as label, file,
    n - start + 1 as line
from pairs join starts using (file)
order by n
