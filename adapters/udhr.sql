-- One paragraph a row. Texts differ in their paragraphs, so that ids carry the text; what all have are the 30 articles.
with numbered as (select *, row_number() over () as n from raw),
starts as (select key, min(n) as start from numbered group by key)
select 'train' as split, iso639_3 || '_' || iso15924 as language, key || '-' || (n - start) as id,
    'udhr:' || part as source, source as block, text, file,
    case when text = '' then 'empty paragraph' when iso639_3 = 'und' then 'its language is not stated' end as skipped
from numbered join starts using (key)
order by n
