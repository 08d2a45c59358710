-- JSON lines in either of two layouts: the makers' nests all in `question` (its stem and a list of choices), another
-- has the question as text and `choices` beside it, as one list of letters and one of texts.
with
items as materialized (
    select *, regexp_extract(parse_filename(file), '^[a-z]+') as split, row_number() over () as n
    from read_json($root || '/*_rand_split.jsonl', format = 'newline_delimited',
        columns = {id: 'VARCHAR', question: 'JSON', choices: 'JSON', "answerKey": 'VARCHAR'}, filename = 'file')
),
starts as (select file, min(n) as start from items group by file),
read as (
    select *, coalesce(question ->> '$.stem', question ->> '$') as stem,
        if(choices is null, question ->> '$.choices[*].text', choices ->> '$.text[*]') as texts,
        if(choices is null, question ->> '$.choices[*].label', choices ->> '$.label[*]') as letters
    from items join starts using (file)
)
select split, 'eng_Latn' as language, id, 'commonsenseqa:' || id as source, stem as text, texts as choices,
    list_position(letters, "answerKey") - 1 as label, file, n - start + 1 as line
from read
order by n
