-- XNLI's pairs in Korean, one a line and in XNLI's order. Three lines in a row share their premise: they are a block.
with
lines as materialized (
    select *, row_number() over () as n
    from read_csv([$root || '/KorNLI/xnli.dev.ko.tsv', $root || '/KorNLI/xnli.test.ko.tsv'], delim = '\t', quote = '',
        escape = '', header = false, auto_detect = false, filename = 'file',
        columns = {premise: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR'})
),
starts as (select file, min(n) as start from lines group by file),
pairs as (
    select *, string_split(parse_filename(file), '.')[2] as split, n - start - 1 as i
    from lines join starts using (file)
    -- Another header than this one is read as a pair and refused for its label.
    where (premise, hypothesis, label) is distinct from ('sentence1', 'sentence2', 'gold_label')
)
select split, 'ko' as language, i::varchar as id, 'xnli:' || split || ':' || i as source,
    'xnli:' || split || ':premise:' || i // 3 as block, premise as text, hypothesis as text_pair, label, file,
    i + 2 as line
from pairs
order by n
