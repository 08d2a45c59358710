-- One comment a line, its label after a tab; there is no header.
with
comments as (
    -- A line with fewer or more cells is no label.
    select string_split(line, chr(9)) as cells, if(len(cells) = 2, cells[2], line) as label, file,
        row_number() over () as n
    from read_csv($root || '/dataset/smsa_doc-sentiment-prosa/*_preprocess.tsv', delim = chr(10), quote = '',
        escape = '', header = false, auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
numbered as (
    select *, replace(parse_filename(file)[:-16], 'valid', 'dev') as split, n - min(n) over (partition by file) as i
    from comments
)
select split, 'ind_Latn' as language, i::varchar as id, 'indonlu_smsa:' || split || ':' || i as source,
    nullif(cells[1], '') as text, label, file, i + 1 as line
from numbered
order by n
