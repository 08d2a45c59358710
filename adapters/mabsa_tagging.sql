-- One sentence a line, then ####, then a list of [term, category, polarity] as Python writes it. Terms are not placed
-- in the sentence: here both are cut into words, and a term is looked for among the sentence's words.
with
lines as materialized (
    select string_split(coalesce(line, ''), '####') as halves, string_split(file, '/') as path, file,
        row_number() over () as n
    from read_csv($root || '/data/*/*/*.txt', delim = chr(10), quote = '',
        escape = '', header = false, auto_detect = false, columns = {line: 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from lines group by file),
-- Quotation marks are told by the brackets and commas beside them: many terms hold apostrophes that Python refuses.
triples as (
    select *, path[-3] || '-' || (n - start) as id, case
        when regexp_full_match(halves[2], '\[(\[[''"]?.*?[''"], [''"][^''"]*[''"], [''"][^''"]*[''"]\](, )?)*\]')
        then regexp_extract_all(halves[2][2:], '\[[''"]?(.*?)[''"], [''"][^''"]*[''"], [''"][^''"]*[''"]\]', 1)
        end as terms
    from lines join starts using (file)
),
-- The sentence, then its terms but for implicit ones, each as words: chr(1) opens a word and chr(2) ends it. A word is
-- a run of letters, or one character of the scripts that set no blanks, or one mark.
worded as (
    select *, [
        array_to_string([chr(1) || word || chr(2) for word in regexp_extract_all(
            regexp_replace(regexp_replace(replace(x, '\xa0', chr(160)), '\\(.)', '\1', 'g'),
                '([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]\p{M}*)', ' \1 ', 'g'),
            '[\p{L}\p{M}\p{N}\x{200C}\x{200D}]+|[^\s\p{L}\p{M}\p{N}\p{Z}\p{C}]')], '')
        for x in list_concat([halves[1]], [term for term in terms if term <> 'NULL'])
    ] as wordings
    from triples
),
ranked as (
    select *, wordings[1] as sentence,
        [w.words for w in list_reverse_sort(list_distinct([{size: len(w), words: w} for w in wordings[2:]]))] as sought
    from worded
),
-- Longer terms first: chr(3) marks a term's first word, chr(4) the others. A term that is no run of whole words may
-- open one that goes on, as Korean's do before a particle.
marked as (
    select *, string_split(list_reduce(list_prepend(sentence, sought), lambda s, t: replace(s,
        if(contains(s, t), t, t[:-2]),
        regexp_replace(replace(if(contains(s, t), t, t[:-2]), chr(1), chr(1) || chr(4)), chr(4), chr(3))
    )), chr(2))[:-2] as words
    from ranked
)
select parse_filename(file, true) as split, path[-2] as language, id, 'mabsa:' || split || ':' || id as source,
    if(terms is null, null, [ltrim(w, chr(1) || chr(3) || chr(4)) for w in words]) as tokens,
    [case w[2] when chr(3) then 'B-ASPECT' when chr(4) then 'I-ASPECT' else 'O' end for w in words] as tags,
    file, n - start + 1 as line,
    case
        when terms is null and trim(halves[2]) like '[%]' then 'list that cannot be read'
        -- It would be tagged wrongly.
        when len([t for t in sought if not contains(sentence, t[:-2])]) > 0
        then 'sentence that lacks a term of its list'
    end as skipped
from marked
order by n
