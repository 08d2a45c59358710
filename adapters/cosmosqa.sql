-- CSV with a header and quoting. The block is the blog entry, the fourth part of the id.
with
items as materialized (
    select *, regexp_extract(parse_filename(file), '^(train|valid)', 1) as name, row_number() over () as n
    -- Headers are not compared: in another order, label would be no number.
    from read_csv($root || '/data/*.csv', delim = ',', quote = '"', escape = '"', header = true, auto_detect = false,
        columns = {id: 'VARCHAR', context: 'VARCHAR', question: 'VARCHAR', answer0: 'VARCHAR', answer1: 'VARCHAR',
            answer2: 'VARCHAR', answer3: 'VARCHAR', label: 'VARCHAR'},
        force_not_null = ['answer0', 'answer1', 'answer2', 'answer3'], filename = 'file')
),
starts as (select file, min(n) as start from items group by file)
select if(name = 'valid', 'dev', name) as split, 'eng_Latn' as language, id, 'cosmosqa:' || id as source,
    'cosmosqa:' || string_split(id, '##')[4] as block, question as text, context as text_pair,
    [answer0, answer1, answer2, answer3] as choices, label, file, n - start + 2 as line
from items join starts using (file)
order by n
