-- JSON lines, one file a language and split. What a choice is to the premise stands in `question`: cause or effect.
with
items as materialized (
    select *, string_split(parse_filename(file), '.') as name, row_number() over () as n
    from read_json($root || '/data/*/*.??.jsonl', format = 'newline_delimited', columns = {premise: 'VARCHAR',
        choice1: 'VARCHAR', choice2: 'VARCHAR', question: 'VARCHAR', label: 'VARCHAR', idx: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from items group by file),
named as (
    select *, if(name[1] = 'val', 'dev', name[1]) as split, name[2] as language, n - start + 1 as line
    from items join starts using (file)
)
select split, language, idx as id, 'xcopa:' || split || ':' || idx as source, premise as text, question as text_pair,
    [choice1, choice2] as choices, label, file, line
from named
order by n
