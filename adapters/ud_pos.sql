-- CoNLL-U: ten cells a word, comments before a sentence, an empty line after it. Files are LANGUAGE_TREEBANK-ud-SPLIT.
with
files as (
    -- A byte order mark, which read_text keeps, is taken off.
    select filename as file, string_split(ltrim(content, chr(65279)), chr(10) || chr(10)) as parts
    from read_text([$root || '/*/*-ud-train.conllu', $root || '/*/*-ud-dev.conllu', $root || '/*/*-ud-test.conllu'])
),
sentences as (
    select file, string_split(parse_filename(file, true), '-ud-') as name,
        generate_subscripts(parts, 1) - 1 as i, string_split(unnest(parts), chr(10)) as lines
    from files
),
-- A sentence's first line is found by counting those before it, each sentence with the empty line that ends it.
-- What is no word: a comment, a token of several words (1-2), and an empty node (1.1), which the text does not have.
placed as (
    select *, [string_split(x, chr(9)) for x in lines if not regexp_matches(x, '^(#|\d+[-.]\d+\t|$)')] as words,
        sum(len(lines) + 1) over (partition by file order by i) - len(lines) as line
    from sentences
)
-- Sentences of two treebanks have nothing to do with each other: their ids carry the treebank.
select name[2] as split, string_split(name[1], '_')[1] as language, name[1] || '-' || i as id,
    'ud_pos:' || split || ':' || id as source, [x[2] for x in words] as tokens,
    -- A line with fewer or more cells gives a tag that is none of the card's.
    [if(len(x) = 10, x[4], '') for x in words] as tags, file, line
from placed
where len(words) > 0
order by file, i
