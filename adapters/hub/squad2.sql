-- The Hub's layout: a row a question, its answers a list of texts and one of starts. The block is the article.
select if(split = 'validation', 'dev', split) as split, 'eng_Latn' as language, id, 'squad:' || id as source,
    'squad:' || title as block, question as text, context as text_pair,
    [{'text': a, 'start': answers.answer_start[i]} for a, i in answers.text] as answers
from raw
order by raw.split, row
