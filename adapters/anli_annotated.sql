-- One pair a record, the label a letter; three columns have no name. Pairs that share their context are a block.
with
pairs as (
    select *, row_number() over () as line
    from read_csv($root || '/anlizinganli/anli_annot_v0.2/ANLI_analysis_300dev_sampleA2.csv', delim = ',',
        quote = '"', escape = '"', header = false, auto_detect = false, filename = 'file', columns = {
            context: 'VARCHAR', statement: 'VARCHAR', reason: 'VARCHAR', guess: 'VARCHAR', gold: 'VARCHAR',
            uid: 'VARCHAR', cid: 'VARCHAR', eid: 'VARCHAR', a: 'VARCHAR', b: 'VARCHAR', c: 'VARCHAR', code: 'VARCHAR',
            notes: 'VARCHAR'
        })
)
select 'dev' as split, 'en' as language, uid as id, 'anli:' || uid as source, md5(context) as block, context as text,
    statement as text_pair,
    case gold when 'e' then 'entailment' when 'n' then 'neutral' when 'c' then 'contradiction' else gold end as label,
    file, line
from pairs
-- Another header than this one is read as a pair and refused for its label.
where (context, statement, gold, uid) is distinct from ('context', 'statement', 'gold_label', 'uid')
order by line
