-- One sentence a line: its number, counted from 0, is the id. The block is the news article that it was taken from.
with
lines as materialized (
    select text, file, row_number() over () as n
    from read_csv([$root || '/NTREX-128/newstest2019-src.*.txt', $root || '/NTREX-128/newstest2019-ref.*.txt'],
        delim = chr(10), quote = '', escape = '', header = false, auto_detect = false,
        columns = {text: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
sentences as (
    select string_split(parse_filename(file), '.')[2] as name, text, file, n, n - start as i,
        name in ('eng-GB', 'eng-IN', 'eng-US', 'fra-CA', 'por-BR', 'spa-MX') as second
    from lines join starts using (file)
),
articles as (
    select article, row_number() over () - 1 as i
    from read_csv($root || '/DOCUMENT_IDS.tsv', delim = '\t', quote = '', escape = '', header = false,
        auto_detect = false, columns = {article: 'VARCHAR'})
)
select 'test' as split, if(second, name[:3], name) as language, i::varchar as id, 'ntrex:test:' || i as source, article as block, text, file,
    i + 1 as line, if(second, 'second translation into the language', null) as skipped
from sentences left join articles using (i)
order by n
