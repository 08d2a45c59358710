-- JSON lines, five choices an item. Splits are numbered on from one another by q_id: valid follows train, and test valid.
with
items as materialized (
    select *, regexp_extract(parse_filename(file), '^(train|valid|test)-', 1) as name, row_number() over () as n
    from read_json($root || '/datasets/jcommonsenseqa-v1.3/*-v1.3.json', format = 'newline_delimited', columns = {
        q_id: 'VARCHAR', question: 'VARCHAR', choice0: 'VARCHAR', choice1: 'VARCHAR', choice2: 'VARCHAR',
        choice3: 'VARCHAR', choice4: 'VARCHAR', label: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from items group by file)
select if(name = 'valid', 'dev', name) as split, 'jpn_Jpan' as language, q_id as id, 'jcommonsenseqa:' || q_id as source,
    question as text, [choice0, choice1, choice2, choice3, choice4] as choices, label, file, n - start + 1 as line
from items join starts using (file)
order by n
