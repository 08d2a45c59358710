-- SNLI's and MultiNLI's training pairs in Korean, one a line and in their order. Pairs labelled - are left out.
with
lines as materialized (
    -- A line with fewer or more cells is no label.
    select string_split(line, chr(9)) as cells, if(len(cells) = 3, cells[3], line) as label, file,
        row_number() over () as n
    from read_csv([$root || '/KorNLI/snli_1.0_train.ko.tsv', $root || '/KorNLI/multinli.train.ko.tsv'],
        delim = chr(10), quote = '', escape = '', header = false, auto_detect = false, columns = {line: 'VARCHAR'},
        filename = 'file')
),
starts as (select file, min(n) as start from lines group by file)
select 'train' as split, 'ko' as language,
    if(file like '%/snli_1.0_train.ko.tsv', 'snli', 'mnli') || ':train:' || nullif(n - start - 1, -1) as id,
    id as source, md5(cells[1]) as block, nullif(cells[1], '') as text, nullif(cells[2], '') as text_pair,
    label, file, n - start + 1 as line, if(label = '-', 'no majority label', null) as skipped
from lines join starts using (file)
-- Another first line than this header has no id and is refused.
where cells is distinct from ['sentence1', 'sentence2', 'gold_label']
order by n
