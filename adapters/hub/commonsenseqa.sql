-- The Hub's layout: choices are a list of letters and one of texts. Those of test have no answer.
select if(split = 'validation', 'dev', split) as split, 'eng_Latn' as language, id, 'commonsenseqa:' || id as source,
    question as text, choices.text as choices, list_position(choices.label, "answerKey") - 1 as label
from raw
where raw.split <> 'test'
order by raw.split, row
