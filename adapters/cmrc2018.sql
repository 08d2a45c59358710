-- The makers' own layout: an array of paragraphs, each with its questions, and answers without offsets. An answer
-- stands where its text first does, as in the makers' SQuAD layout. Answers that are not in the paragraph are left out,
-- and a question that has no other is too: with none it would count as unanswerable.
with
files as (
    select filename, string_split(parse_filename(filename, true), '_')[2] as name,
        from_json(content, '[{"context_id": "VARCHAR", "context_text": "VARCHAR", "qas": [{"query_id": "VARCHAR",
        "query_text": "VARCHAR", "answers": ["VARCHAR"]}]}]') as paragraphs
    from read_text($root || '/data/cmrc2018_*.json')
),
paragraphs as (select filename, name, unnest(paragraphs, max_depth := 2) from files),
questions as (
    select filename, name, context_id, context_text, unnest(ifnull(qas, [null]), max_depth := 2) from paragraphs
),
found as (
    select *, [{'text': a, 'start': strpos(context_text, a) - 1} for a in answers if contains(context_text, a)] as spans
    from questions
)
select name as split, 'zho_Hans' as language, query_id as id, 'cmrc2018:' || query_id as source,
    'cmrc2018:' || context_id as block, query_text as text, context_text as text_pair, spans as answers,
    filename as file, if(len(spans) = 0, 'no answer that the paragraph holds', null) as skipped
from found
