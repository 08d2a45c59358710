-- One pair a record; a quoted cell may hold line breaks, so that lines are counted with those of the records before.
-- The label is a letter; pairs on which the annotators did not agree are labelled - and left out.
with
records as materialized (
    select *, row_number() over () as n
    from read_csv($root || '/data/entailment/*.csv', delim = ',',
        quote = '"', escape = '"', header = false, auto_detect = false, filename = 'file', columns = {
            number: 'VARCHAR', first: 'VARCHAR', second: 'VARCHAR', label: 'VARCHAR', origin: 'VARCHAR'
        })
),
placed as (
    select *, n - min(n) over so_far as i, sum(len(string_split(concat(first, second), chr(10)))) over so_far as ends,
        ends - len(string_split(concat(first, second), chr(10))) + 1 as line
    from records
    window so_far as (partition by file order by n)
)
select parse_filename(file, true) as split, 'fa' as language, (i - 1)::varchar as id,
    'parsinlu_entailment:' || split || ':' || id as source, md5(first) as block, first as text, second as text_pair,
    case placed.label
        when 'e' then 'entailment' when 'n' then 'neutral' when 'c' then 'contradiction' else placed.label
    end as label,
    file, line
from placed
where placed.label is distinct from '-'
    -- Another header than this one is read as a pair and refused for its label.
    and (number, first, second, placed.label, origin) is distinct from (null, 'sent1', 'sent2', 'label', 'source')
order by n
