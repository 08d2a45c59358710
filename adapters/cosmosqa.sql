-- CSV with a header and quoting. The block is the blog entry, the fourth part of the id.
with
items as materialized (
    select *, regexp_extract(parse_filename(file), '^(train|valid)', 1) as name, row_number() over () as n
    from read_csv($root || '/data/[tv][ra]*.csv', delim = ',', quote = '"', escape = '"', header = false,
        auto_detect = false, columns = {id: 'VARCHAR', context: 'VARCHAR', question: 'VARCHAR', answer0: 'VARCHAR',
            answer1: 'VARCHAR', answer2: 'VARCHAR', answer3: 'VARCHAR', label: 'VARCHAR'},
        force_not_null = ['answer0', 'answer1', 'answer2', 'answer3'], filename = 'file')
),
starts as (select file, min(n) as start from items group by file)
select if(name = 'valid', 'dev', name) as split, 'eng_Latn' as language, id, 'cosmosqa:' || id as source,
    'cosmosqa:' || string_split(id, '##')[4] as block, question as text, context as text_pair,
    [answer0, answer1, answer2, answer3] as choices, label, file, n - start + 1 as line
from items join starts using (file)
-- Another header than this one is read as a question and refused for its label.
where (id, context, question, answer0, answer1, answer2, answer3, label) is distinct from
    ('id', 'context', 'question', 'answer0', 'answer1', 'answer2', 'answer3', 'label')
order by n
