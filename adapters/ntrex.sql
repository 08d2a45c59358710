-- One sentence a line: its number, counted from 0, is the id. The block is the news article that it was taken from.
-- A partition does not keep the order of its file, so that only its smallest n is taken from it.
with
lines as (
    select filename, text, row_number() over () as n
    from read_csv([$root || '/NTREX-128/newstest2019-src.*.txt', $root || '/NTREX-128/newstest2019-ref.*.txt'],
        delim = chr(10), quote = '', escape = '', header = false, auto_detect = false,
        columns = {text: 'VARCHAR'}, filename = true)
),
sentences as (
    select *, string_split(parse_filename(filename), '.')[2] as name, n - min(n) over (partition by filename) as i
    from lines
),
articles as (
    select article, row_number() over () - 1 as i
    from read_csv($root || '/DOCUMENT_IDS.tsv', delim = '\t', quote = '', escape = '', header = false,
        auto_detect = false, columns = {article: 'VARCHAR'})
)
select 'test' as split, name as language, sentences.i::varchar as id, 'ntrex:test:' || sentences.i as source,
    article as block, text, filename as file, sentences.i + 1 as line
from sentences left join articles using (i)
-- A second translation into a language that has one already.
where name not in ('eng-GB', 'eng-IN', 'eng-US', 'fra-CA', 'por-BR', 'spa-MX')
order by n
