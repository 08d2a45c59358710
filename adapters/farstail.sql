-- One pair a line, test with two more columns. The label is a letter. Pairs that share their premise are a block.
with
lines as (
    select *, if(file like '%/Val-word.csv', 'dev', 'train') as split, row_number() over () as n
    from read_csv($root || '/data/[TV][ra]*-word.csv', delim = '\t', quote = '"', escape = '"', header = false,
        auto_detect = false, filename = 'file', columns = {premise: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR'})
    union all by name
    select *, 'test' as split, row_number() over () as n
    from read_csv($root || '/data/Test-word.csv', delim = '\t', quote = '"', escape = '"', header = false,
        auto_detect = false, filename = 'file', columns = {
            premise: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR', hard_hypothesis: 'VARCHAR',
            hard_overlap: 'VARCHAR'
        })
),
starts as (select file, min(n) as start from lines group by file),
numbered as (select *, n - start + 1 as line from lines join starts using (file))
select split, 'fa' as language, nullif(line - 2, -1)::varchar as id, 'farstail:' || split || ':' || id as source,
    md5(premise) as block, premise as text, hypothesis as text_pair,
    case label when 'e' then 'entailment' when 'n' then 'neutral' when 'c' then 'contradiction' else label end as label,
    file, line
from numbered
-- Another first line than this header has no id and is refused.
where (premise, hypothesis, numbered.label) is distinct from ('premise', 'hypothesis', 'label')
order by split, line
