-- One question a line as JSON, one file a language, the same questions everywhere. The block is the page that
-- FLORES-200 took the passage from.
with
questions as materialized (
    select *, row_number() over () as n
    from read_json($root || '/*.jsonl', format = 'newline_delimited', filename = 'file', columns = {
        link: 'VARCHAR', question_number: 'VARCHAR', flores_passage: 'VARCHAR', question: 'VARCHAR',
        mc_answer1: 'VARCHAR', mc_answer2: 'VARCHAR', mc_answer3: 'VARCHAR', mc_answer4: 'VARCHAR',
        correct_answer_num: 'VARCHAR'})
),
starts as (select file, min(n) as start from questions group by file)
select 'test' as split, parse_filename(file, true) as language, link || '#' || question_number as id,
    'flores200:page:' || link as source, link as block,
    if(flores_passage is null, null, question) as text, flores_passage as text_pair,
    -- Without one of the four there is no choice.
    if(mc_answer1 || mc_answer2 || mc_answer3 || mc_answer4 is null, null,
        [mc_answer1, mc_answer2, mc_answer3, mc_answer4]) as choices,
    (try_cast(correct_answer_num as int) - 1)::varchar as label, file, n - start + 1 as line
from questions join starts using (file)
order by n
