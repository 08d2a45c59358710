-- SQuAD v1.1's JSON, with one paragraph an article and one question a paragraph.
-- A key that is missing yields a row without an id, which is refused: `unnest` alone would drop what lies below it.
with
files as (
    select filename, parse_filename(filename, true) as name,
        from_json(content, '{"data": [{"paragraphs": [
        {"context": "VARCHAR", "qas": [{"id": "VARCHAR", "question": "VARCHAR",
        "answers": [{"text": "VARCHAR", "answer_start": "INTEGER"}]}]}]}]}') as file
    from read_text($root || '/data/reading_comprehension/*.json')
),
articles as (select filename, name, unnest(ifnull(file.data, [null]), max_depth := 2) from files),
paragraphs as (select filename, name, unnest(ifnull(paragraphs, [null]), max_depth := 2) from articles),
questions as (select filename, name, context, unnest(ifnull(qas, [null]), max_depth := 2) from paragraphs)
select if(name = 'eval', 'test', name) as split, 'pes_Arab' as language, id, 'parsinlu_rc:' || id as source,
    question as text, context as text_pair,
    -- A question of eval lists an empty text among its answers.
    [{'text': a.text, 'start': a.answer_start} for a in answers if a.text is distinct from ''] as answers, filename as file
from questions
