-- The Hub's layout: the configuration secondary_task, all languages in one list. The makers' ids repeat and open with
-- the language: the place among a language's questions is the id. The block is the paragraph, which questions share.
with questions as (
    select *, if(split = 'validation', 'dev', split) as part, map {
            'arabic': 'ar', 'bengali': 'bn', 'english': 'en', 'finnish': 'fi', 'indonesian': 'id', 'korean': 'ko',
            'russian': 'ru', 'swahili': 'sw', 'telugu': 'te'
        }[string_split(id, '-')[1]] as code,
        code || '-' || (row_number() over (partition by part, code order by row) - 1) as place
    from raw
)
select part as split, code as language, place as id, 'tydiqa:' || part || ':' || place as source,
    'tydiqa:' || md5(context) as block, question as text, context as text_pair,
    [{'text': a, 'start': answers.answer_start[i]} for a, i in answers.text] as answers
from questions
order by code, part, row
