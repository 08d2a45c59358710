-- One pair a line of JSON, the label a letter; three rounds of three splits. Pairs of one context are a block.
with
pairs as materialized (
    select *, row_number() over () as n
    from read_json($root || '/R*/*.jsonl', format = 'newline_delimited', filename = 'file',
        columns = {uid: 'VARCHAR', context: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR'})
),
starts as (select file, min(n) as start from pairs group by file)
select parse_filename(file, true) || '_' || lower(string_split(file, '/')[-2]) as split, 'en' as language, uid as id,
    'anli:' || uid as source, md5(context) as block, context as text, hypothesis as text_pair,
    case pairs.label
        when 'e' then 'entailment' when 'n' then 'neutral' when 'c' then 'contradiction' else pairs.label
    end as label,
    file, n - start + 1 as line
from pairs join starts using (file)
order by n
