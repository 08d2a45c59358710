-- One pair a record, whose quoted cells may hold line breaks. The label is a letter; pairs on which the annotators did
-- not agree are labelled -, one of train xx, and left out.
with
records as materialized (
    select *, row_number() over () as n
    from read_csv($root || '/data/entailment/*.csv', delim = ',',
        quote = '"', escape = '"', header = false, auto_detect = false, filename = 'file', columns = {
            number: 'VARCHAR', first: 'VARCHAR', second: 'VARCHAR', label: 'VARCHAR', origin: 'VARCHAR'
        })
),
starts as (select file, min(n) as start from records group by file)
select parse_filename(file, true) as split, 'fa' as language, nullif(n - start - 1, -1)::varchar as id,
    'parsinlu_entailment:' || split || ':' || id as source, md5(first) as block, first as text, second as text_pair,
    case records.label
        when 'e' then 'entailment' when 'n' then 'neutral' when 'c' then 'contradiction' else records.label
    end as label,
    file, n - start + 1 as line, if(records.label in ('-', 'xx'), 'no majority label', null) as skipped
from records join starts using (file)
-- Another first line than this header has no id and is refused.
where (number, first, second, records.label, origin) is distinct from (null, 'sent1', 'sent2', 'label', 'source')
order by n
