-- The Hub's layout: a configuration a language, a row a sentence, in the order of the makers' files.
select if(split = 'validation', 'dev', split) as split, config as language, config || '-' || row as id,
    'panx:' || if(raw.split = 'validation', 'dev', raw.split) || ':' || id as source, tokens, ner_tags as tags
from raw
order by config, raw.split, row
