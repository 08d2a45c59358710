-- SQuAD v1.1's JSON, one file a language, with one question an article and no titles. The makers' ids repeat: the place
-- in the file is the id. The block is the paragraph, which questions share. Answers that are withheld are empty texts.
-- A key that is missing yields a row without text, which is refused: `unnest` alone would drop what lies below it.
with
files as (
    select string_split(parse_filename(filename), '.') as name, from_json(content, '{"data": [{"paragraphs": [
        {"context": "VARCHAR", "qas": [{"question": "VARCHAR",
        "answers": [{"text": "VARCHAR", "answer_start": "INTEGER"}]}]}]}]}') as file
    from read_text($root || '/tydiqa-goldp-v1.1-train/tydiqa.goldp.??.train.json')
),
articles as (
    select name, unnest(ifnull(file.data, [null]), max_depth := 2),
        generate_subscripts(ifnull(file.data, [null]), 1) - 1 as i
    from files
),
paragraphs as (select name, i, unnest(ifnull(paragraphs, [null]), max_depth := 2) from articles),
questions as (select name, i, context, unnest(ifnull(qas, [null]), max_depth := 2) from paragraphs)
select name[4] as split, name[3] as language, name[3] || '-' || i as id,
    'tydiqa:' || name[4] || ':' || name[3] || '-' || i as source, 'tydiqa:' || md5(context) as block,
    question as text, context as text_pair,
    if(list_contains([a.text for a in answers], ''), null,
        [{'text': a.text, 'start': a.answer_start} for a in answers]) as answers
from questions
