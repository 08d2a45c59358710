-- One article a line: its headline is the text, what stands below it the second text.
with
articles as materialized (
    select *, row_number() over () as n
    from read_csv($root || '/data/*/*.tsv', delim = '\t', quote = '"', escape = '"', header = false,
        auto_detect = false, filename = 'file',
        columns = {category: 'VARCHAR', headline: 'VARCHAR', text: 'VARCHAR', url: 'VARCHAR'})
),
starts as (select file, min(n) as start from articles group by file),
numbered as (
    select *, parse_filename(file, true) as split, string_split(file, '/')[-2] as language,
        nullif(n - start - 1, -1) as i, n - start + 1 as line
    from articles join starts using (file)
)
-- Articles of two languages have nothing to do with each other: their ids carry the language.
select split, language, language || '-' || i as id, 'masakhanews:' || split || ':' || id as source, headline as text,
    text as text_pair, category as label, file, line
from numbered
-- Another first line than this header has no id and is refused.
where (category, headline, text, url) is distinct from ('category', 'headline', 'text', 'url')
order by n
