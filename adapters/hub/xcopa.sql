-- The Hub's layout: a configuration a language.
select if(split = 'validation', 'dev', split) as split, config as language, idx::varchar as id,
    'xcopa:' || if(raw.split = 'validation', 'dev', raw.split) || ':' || idx as source, premise as text,
    question as text_pair, [choice1, choice2] as choices, label
from raw
order by config, raw.split, row
