-- One token and its tag a line, a tab between them; an empty line ends a sentence. There is one kind of phrase.
with
files as (
    -- A byte order mark, which read_text keeps, is taken off.
    select filename as file, string_split(ltrim(content, chr(65279)), chr(10) || chr(10)) as parts
    from read_text($root || '/dataset/keps_keyword-extraction-prosa/*_preprocess.txt')
),
sentences as (
    select file, replace(parse_filename(file)[:-16], 'valid', 'dev') as split,
        generate_subscripts(parts, 1) - 1 as i, string_split(unnest(parts), chr(10)) as lines
    from files
),
-- A sentence's first line is found by counting those before it, each sentence with the empty line that ends it.
placed as (
    select *, [x for x in lines if x <> ''] as words,
        sum(len(lines) + 1) over (partition by file order by i) - len(lines) + list_position(lines, words[1]) - 1
            as line
    from sentences
)
select split, 'ind_Latn' as language, i::varchar as id, 'indonlu_keps:' || split || ':' || id as source,
    -- A line without its tag, or with more cells, gives a tag that is none of the card's.
    [x[:strpos(x, chr(9)) - 1] for x in words] as tokens,
    [x[strpos(x, chr(9)) + 1:] || if(x[-1] = 'O', '', '-KEYPHRASE') for x in words] as tags, file, line
from placed
where len(words) > 0
order by file, i
