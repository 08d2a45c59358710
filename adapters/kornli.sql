-- XNLI's pairs in Korean, one a line and in XNLI's order. Three lines in a row share their premise: they are a block.
with
lines as materialized (
    -- A line with fewer or more cells is no label.
    select string_split(line, chr(9)) as cells, if(len(cells) = 3, cells[3], line) as label, file,
        row_number() over () as n
    from read_csv([$root || '/KorNLI/xnli.dev.ko.tsv', $root || '/KorNLI/xnli.test.ko.tsv'], delim = chr(10),
        quote = '', escape = '', header = false, auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
pairs as (
    select *, string_split(parse_filename(file), '.')[2] as split, nullif(n - start - 1, -1) as i
    from lines join starts using (file)
    -- Another first line than this header has no id and is refused.
    where cells is distinct from ['sentence1', 'sentence2', 'gold_label']
)
select split, 'ko' as language, i::varchar as id, 'xnli:' || split || ':' || i as source,
    'xnli:' || split || ':premise:' || i // 3 as block, nullif(cells[1], '') as text, nullif(cells[2], '') as text_pair,
    label, file, n - start + 1 as line
from pairs
order by n
