-- XNLI's pairs, one a line and in XNLI's order, some left out. Which pair a line is follows from its number where whole
-- runs were translated; Nahuatl, and Otomí in dev, leave out too many to know, so that their ids are their own.
with
lines as materialized (
    -- A line with fewer or more cells is no label.
    select string_split(line, chr(9)) as cells, cells[1] as language, nullif(cells[2], '') as premise,
        if(len(cells) = 4, cells[4], line) as label, file, row_number() over () as n
    from read_csv([$root || '/dev/*.tsv', $root || '/test/*.tsv'], delim = chr(10), quote = '', escape = '',
        header = false, auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
pairs as (
    select *, string_split(file, '/')[-2] as split, nullif(n - start - 1, -1) as i,
        case
            when language = 'nah' or (language = 'oto' and split = 'dev') then null
            when split = 'dev' then i + case when i < 21 then 0 when i < 344 then 3 when i < 494 then 4 else 1249 end
            when language = 'oto' then i + case when i < 149 then 0 when i < 355 then 1 when i < 379 then 2 else 5 end
            else i + if(i < 381, 0, 3)
        end as pair
    from lines join starts using (file)
    -- Another first line than this header has no id and is refused.
    where cells is distinct from ['language', 'premise', 'hypothesis', 'label']
)
select split, language, coalesce(pair::varchar, language || '-' || i) as id,
    if(pair is null, 'americasnli:', 'xnli:') || split || ':' || id as source,
    coalesce('xnli:' || split || ':premise:' || pair // 3, md5(premise)) as block, premise as text,
    nullif(cells[3], '') as text_pair, label, file, n - start + 1 as line
from pairs
order by n
