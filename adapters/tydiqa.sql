-- SQuAD v1.1's JSON, one file a language, with one question an article and no titles. The makers' ids repeat: the place
-- in the file is the id. The block is the paragraph, which questions share. Answers that are withheld are empty texts.
-- A key that is missing yields a row without text, which is refused: `unnest` alone would drop what lies below it.
with
files as (
    -- Train is XTREME's, tydiqa.goldp.sw.train; dev is the makers', tydiqa-goldp-dev-swahili.
    select filename, string_split_regex(parse_filename(filename, true), '[.-]') as name,
        if(name[3] = 'dev', 'dev', name[4]) as split, if(name[3] = 'dev', map {
            'arabic': 'ar', 'bengali': 'bn', 'english': 'en', 'finnish': 'fi', 'indonesian': 'id', 'korean': 'ko',
            'russian': 'ru', 'swahili': 'sw', 'telugu': 'te'
        }[name[4]], name[3]) as language,
        from_json(content, '{"data": [{"paragraphs": [{"context": "VARCHAR", "qas": [
            {"question": "VARCHAR", "answers": [{"text": "VARCHAR", "answer_start": "INTEGER"}]}]}]}]}') as file
    from read_text($root || '/tydiqa-goldp-v1.1-*/tydiqa?goldp?*.json')
    where filename not like '%.dev.json'
),
articles as (
    select filename, split, language, unnest(ifnull(file.data, [null]), max_depth := 2),
        generate_subscripts(ifnull(file.data, [null]), 1) - 1 as i
    from files
),
paragraphs as (
    select filename, split, language, i, unnest(ifnull(paragraphs, [null]), max_depth := 2) from articles
),
questions as (
    select filename, split, language, i, context, unnest(ifnull(qas, [null]), max_depth := 2) from paragraphs
)
select split, language, language || '-' || i as id, 'tydiqa:' || split || ':' || id as source,
    'tydiqa:' || md5(context) as block, question as text, context as text_pair,
    if(list_contains([a.text for a in answers], ''), null,
        [{'text': a.text, 'start': a.answer_start} for a in answers]) as answers, filename as file
from questions
