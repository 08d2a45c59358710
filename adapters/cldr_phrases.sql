-- Dates, amounts and lists, built by the patterns of each language; the tags say what every word is part of.
select split, language, key as id, 'cldr:' || key as source, block, text, tokens, tags
from raw
where kind = 'phrase'
