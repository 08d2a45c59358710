-- The names of cldr_terms, each once as it is and once with the characters of every word in another order: an order by
-- digests of the name's key, which is the same everywhere and in every language. Small letters give nothing away.
with
names as (
    select *, lower(text) as real, array_to_string([
        array_to_string([c.mark for c in list_sort([
            {place: md5(key || word || i), mark: mark}
            -- A character is a letter with the marks that combine with it.
            for mark, i in regexp_extract_all(word, '\PM\pM*|\pM+')
        ])], '')
        for word in string_split(real, ' ')
    ], ' ') as scrambled
    from raw
    where kind <> 'phrase'
),
both_ways as (
    select *, unnest(['real', 'scrambled']) as label from names where real <> scrambled and length(real) >= 4
)
select split, language, key || ':' || label as id, 'cldr:' || key as source, block,
    if(label = 'real', real, scrambled) as text, label
from both_ways
