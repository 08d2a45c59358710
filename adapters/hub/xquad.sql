-- The Hub's layout: a configuration a language, a row a question, the same ones in each. It has no titles: the block is
-- the paragraph, named by its first question.
with questions as (
    select *, first_value(id) over (partition by config, context order by row) as paragraph from raw
)
select 'test' as split, config[7:] as language, id, 'squad:' || id as source, 'squad:paragraph:' || paragraph as block,
    question as text, context as text_pair,
    [{'text': a, 'start': answers.answer_start[i]} for a, i in answers.text] as answers
from questions
order by config, row
