-- The same names as cldr_terms, and what each of them names.
select split, language, key as id, 'cldr:' || key as source, block, text, kind as label
from raw
where kind <> 'phrase'
