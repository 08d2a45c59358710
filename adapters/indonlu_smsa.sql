-- One comment a line, its label after a tab; there is no header.
with
comments as (
    select comment, label, file, row_number() over () - 1 as i
    from read_csv($root || '/dataset/smsa_doc-sentiment-prosa/valid_preprocess.tsv', delim = '\t', quote = '',
        escape = '', header = false, auto_detect = false, columns = {comment: 'VARCHAR', label: 'VARCHAR'},
        filename = 'file')
)
select 'dev' as split, 'ind_Latn' as language, i::varchar as id, 'indonlu_smsa:dev:' || i as source, comment as text,
    label, file, i + 1 as line
from comments
order by i
