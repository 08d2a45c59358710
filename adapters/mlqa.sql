-- SQuAD v1.1's JSON, one file a pair of languages, of which those with context and question in one are read. Titles
-- are translated: the block is the article by its title in English, or in the first language that has the question.
-- A key that is missing yields a row without an id, which is refused: `unnest` alone would drop what lies below it.
with
files as (
    select filename, string_split(parse_filename(filename, true), '-') as name,
        from_json(content, '{"data": [{"title": "VARCHAR", "paragraphs": [
        {"context": "VARCHAR", "qas": [{"id": "VARCHAR", "question": "VARCHAR",
        "answers": [{"text": "VARCHAR", "answer_start": "INTEGER"}]}]}]}]}') as file
    from read_text($root || '/MLQA_V1/*/*-context-??-question-??.json')
    where name[3] = name[5]
),
articles as (select filename, name, unnest(ifnull(file.data, [null]), max_depth := 2) from files),
paragraphs as (select filename, name, title, unnest(ifnull(paragraphs, [null]), max_depth := 2) from articles),
questions as (select filename, name, title, context, unnest(ifnull(qas, [null]), max_depth := 2) from paragraphs),
numbered as (select *, row_number() over () as n from questions)
select name[1] as split, name[3] as language, id, 'mlqa:' || id as source,
    'mlqa:' || first_value(title) over (partition by id order by name[3] <> 'en', n) as block,
    question as text, context as text_pair,
    [{'text': a.text, 'start': a.answer_start} for a in answers] as answers, filename as file
from numbered
order by n
