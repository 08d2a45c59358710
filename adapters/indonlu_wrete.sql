-- One pair a line, with a topic that is not kept. Pairs that share their first sentence are a block.
with
lines as materialized (
    select *, row_number() over () as n
    from read_csv(
        [$root || '/dataset/wrete_entailment-ui/' || name || '_preprocess.csv' for name in ['train', 'valid', 'test']],
        delim = ',', quote = '"', escape = '"', header = false, auto_detect = false, filename = 'file',
        columns = {first: 'VARCHAR', second: 'VARCHAR', category: 'VARCHAR', label: 'VARCHAR'})
),
starts as (select file, min(n) as start from lines group by file)
select replace(string_split(parse_filename(file), '_')[1], 'valid', 'dev') as split, 'id' as language,
    nullif(n - start - 1, -1)::varchar as id, 'indonlu_wrete:' || split || ':' || id as source, md5(first) as block,
    first as text, second as text_pair,
    case lines.label
        when 'Entail_or_Paraphrase' then 'entailment' when 'NotEntail' then 'not_entailment' else lines.label
    end as label,
    file, n - start + 1 as line
from lines join starts using (file)
-- Another first line than this header has no id and is refused.
where (first, second, category, lines.label) is distinct from ('sent_A', 'sent_B', 'category', 'label')
order by n
