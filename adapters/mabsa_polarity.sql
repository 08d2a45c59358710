-- One sentence a line, then ####, then a list of [term, category, polarity] as Python writes it. A row here is a
-- sentence and one of its terms.
with
lines as materialized (
    select string_split(coalesce(line, ''), '####') as halves, string_split(file, '/') as path, file,
        row_number() over () as n
    from read_csv($root || '/data/*/*/*.txt', delim = chr(10), quote = '',
        escape = '', header = false, auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
-- Quotation marks are told by the brackets and commas beside them: many terms hold apostrophes that Python refuses.
lists as (
    select *, path[-3] || '-' || (n - start) as sentence, if(
        regexp_full_match(halves[2], '\[(\[[''"]?.*?[''"], [''"][^''"]*[''"], [''"][^''"]*[''"]\](, )?)*\]'),
        regexp_extract_all(halves[2][2:], '\[[''"]?.*?[''"], [''"][^''"]*[''"], [''"][^''"]*[''"]\]'),
        -- A line that cannot be read keeps a row, without a text.
        [null]) as triples
    from lines join starts using (file)
),
parted as (
    select *, generate_subscripts(triples, 1) - 1 as i,
        regexp_extract(unnest(triples), '\[[''"]?(.*?)[''"], [''"]([^''"]*)[''"], [''"]([^''"]*)[''"]\]',
            ['term', 'category', 'polarity']) as triple
    from lists
),
opinions as (
    select *, regexp_replace(replace(triple.term, '\xa0', chr(160)), '\\(.)', '\1', 'g') as term,
        trim(lower(triple.polarity)) as polarity,
        map {'pos': 'positive', 'neu': 'neutral', 'neg': 'negative'}[polarity[:3]] as label
    from parted
)
select parse_filename(file, true) as split, any_value(path[-2]) as language, sentence || '-' || min(i) as id,
    'mabsa:' || split || ':' || sentence as source, source as block,
    if(term is null, null, any_value(halves[1])) as text, term as text_pair, any_value(label) as label, file,
    any_value(n - start + 1) as line, case
        when term is null and trim(any_value(halves[2])) like '[%]' then 'list that cannot be read'
        when term = 'NULL' then 'implicit aspect'
        -- A lost quotation mark gives such ones too.
        when not contains(any_value(halves[1]), term) then 'term that the review lacks'
        when count(distinct label) > 1 or bool_or(polarity = 'conflict') then 'term of more than one polarity'
        end as skipped
from opinions
group by file, n, sentence, term
order by n, min(i)
