-- SQuAD v1.1's JSON, one file a language: articles hold paragraphs, paragraphs questions. The block is the article.
-- A key that is missing yields a row without an id, which is refused: `unnest` alone would drop what lies below it.
with
files as (
    select filename, parse_filename(filename, true) as name,
        from_json(content, '{"data": [{"title": "VARCHAR", "paragraphs": [
        {"context": "VARCHAR", "qas": [{"id": "VARCHAR", "question": "VARCHAR",
        "answers": [{"text": "VARCHAR", "answer_start": "INTEGER"}]}]}]}]}') as file
    from read_text($root || '/xquad.??.json')
),
articles as (select filename, name, unnest(ifnull(file.data, [null]), max_depth := 2) from files),
paragraphs as (select filename, name, title, unnest(ifnull(paragraphs, [null]), max_depth := 2) from articles),
questions as (select filename, name, title, context, unnest(ifnull(qas, [null]), max_depth := 2) from paragraphs)
select 'test' as split, name[7:] as language, id, 'squad:' || id as source,
    'squad:' || title as block, question as text, context as text_pair,
    [{'text': a.text, 'start': a.answer_start} for a in answers] as answers, filename as file
from questions
