-- A sentence a record and a language a column, named in the header. Its id is that which NusaX-Senti gives the same
-- Indonesian sentence: the record's own number means nothing elsewhere.
with
records as materialized (
    select [a, b, c, d, e, f, g, h, i, j, k, l, m] as cells, file, row_number() over () as n
    from read_csv($root || '/datasets/mt/*.csv', delim = ',', quote = '"', escape = '"', header = false,
        auto_detect = false, filename = 'file', columns = {
            a: 'VARCHAR', b: 'VARCHAR', c: 'VARCHAR', d: 'VARCHAR', e: 'VARCHAR', f: 'VARCHAR', g: 'VARCHAR',
            h: 'VARCHAR', i: 'VARCHAR', j: 'VARCHAR', k: 'VARCHAR', l: 'VARCHAR', m: 'VARCHAR'
        })
),
heads as (select file, min(n) as start, arg_min(cells, n) as head from records group by file),
sentences as (
    select *, replace(parse_filename(file, true), 'valid', 'dev') as split,
        cells[list_position(head, 'indonesian')] as indonesian
    from records join heads using (file)
),
named as (
    select replace(parse_filename(file, true), 'valid', 'dev') as split, id, text as indonesian
    from read_csv($root || '/datasets/sentiment/indonesian/*.csv', delim = ',', quote = '"', escape = '"',
        header = true, auto_detect = false, columns = {id: 'VARCHAR', text: 'VARCHAR', label: 'VARCHAR'},
        filename = 'file')
),
texts as (
    select split, indonesian, unnest(head[2:]) as language, unnest(cells[2:]) as text, file, n, n - start + 1 as line
    from sentences where n > start
)
select split, language, id, 'nusax:' || split || ':' || id as source, text, file, line
from texts left join named using (split, indonesian)
order by n
