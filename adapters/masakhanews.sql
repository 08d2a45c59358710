-- One article a line: its headline is the text, what stands below it the second text.
with
articles as materialized (
    select category, headline, text, file, row_number() over () as n
    -- Headers are not compared: in another order, the category would be none of the card's labels.
    from read_csv([$root || '/data/*/dev.tsv', $root || '/data/*/test.tsv'], delim = '\t', quote = '"', escape = '"',
        header = true, auto_detect = false, filename = 'file',
        columns = {category: 'VARCHAR', headline: 'VARCHAR', text: 'VARCHAR', url: 'VARCHAR'})
),
starts as (select file, min(n) as start from articles group by file),
numbered as (
    select *, parse_filename(file, true) as split, string_split(file, '/')[-2] as language, n - start as i
    from articles join starts using (file)
)
-- Articles of two languages have nothing to do with each other: their ids carry the language.
select split, language, language || '-' || i as id, 'masakhanews:' || split || ':' || id as source, headline as text,
    text as text_pair, category as label, file, i + 2 as line
from numbered
order by n
