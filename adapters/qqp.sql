-- One pair of questions a line, tabs between the cells and no quoting. A question with a line break stands on several
-- lines, none of which has all six cells: these pairs are left out. Pairs that share their first question are a block.
with
lines as materialized (
    select string_split(line, chr(9)) as cells, file, row_number() over () as n
    from read_csv([$root || '/train.tsv', $root || '/dev.tsv'], delim = chr(10), quote = '', escape = '',
        header = false, auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file)
select parse_filename(file, true) as split, 'en' as language, nullif(n - start - 1, -1)::varchar as id,
    'qqp:' || split || ':' || id as source, 'qqp:question:' || cells[2] as block, cells[4] as text,
    cells[5] as text_pair,
    case cells[6] when '0' then 'different' when '1' then 'paraphrase' else cells[6] end as label,
    file, n - start + 1 as line, if(len(cells) >= 6, null, 'line of a pair that is cut by line breaks') as skipped
from lines join starts using (file)
-- Another first line than this header has no id and is refused.
where cells is distinct from ['id', 'qid1', 'qid2', 'question1', 'question2', 'is_duplicate']
order by n
