-- Names of countries, languages, currencies, months, weekdays, units and scripts; a query finds its own key.
select split, language, key as id, 'cldr:' || key as source, block, text
from raw
where kind <> 'phrase'
