-- SNLI's and MultiNLI's training pairs in Korean, one a line and in their order. Pairs labelled - are left out.
with
lines as materialized (
    select *, row_number() over () as n
    from read_csv([$root || '/KorNLI/snli_1.0_train.ko.tsv', $root || '/KorNLI/multinli.train.ko.tsv'], delim = '\t',
        quote = '', escape = '', header = false, auto_detect = false, filename = 'file',
        columns = {premise: 'VARCHAR', hypothesis: 'VARCHAR', label: 'VARCHAR'})
),
starts as (select file, min(n) as start from lines group by file)
select 'train' as split, 'ko' as language,
    if(file like '%/snli_1.0_train.ko.tsv', 'snli', 'mnli') || ':train:' || (n - start - 1) as id, id as source,
    md5(premise) as block, premise as text, hypothesis as text_pair, label, file, n - start + 1 as line
from lines join starts using (file)
where label is distinct from '-'
    -- Another header than this one is read as a pair and refused for its label.
    and (premise, hypothesis, label) is distinct from ('sentence1', 'sentence2', 'gold_label')
order by n
