-- What is handed in to XTREME, predictions/TASK/test-LANGUAGE.tsv or .json, and labels/ of the same layout beside it: a
-- label a line in the order of the test set; of tagging a tag a line, and an empty line ends a sentence; of BUCC a pair
-- of ids a line; of questions SQuAD's JSON as labels, and an object of ids and answers as predictions.
with
files as (
    select string_split(filename, '/') as path, path[-3] as side, path[-2] as task,
        split_part(path[-1], '.', 1)[6:] as "language",
        -- XTREME's own program does not see what is blank at the end of a line either.
        regexp_replace(ltrim(content, chr(65279)), '[ \t\r]+(\n|$)', chr(10), 'g') as content
    from read_text($root || '/*/*/test-*.*')
    where side in ('predictions', 'labels') and task in ('pawsx', 'xnli', 'panx', 'udpos', 'xquad', 'mlqa', 'tydiqa',
        'bucc2018', 'tatoeba')
),
parts as (
    select side, task, "language",
        string_split(rtrim(content, chr(10)), if(task in ('panx', 'udpos'), chr(10) || chr(10), chr(10))) as parts
    from files where path[-1] like '%.tsv'
),
lines as materialized (
    select side, task, "language", generate_subscripts(parts, 1)::varchar as id, unnest(parts) as value from parts
),
json as materialized (
    select side, task, "language", if(json_valid(content), content,
        error(array_to_string(path[-3:], '/') || ' is not JSON')) as content
    from files where path[-1] like '%.json'
),
questions as (
    select task, "language", unnest(flatten([flatten([p.qas for p in a.paragraphs])
        for a in from_json(content, '{"data": [{"paragraphs": [{"qas": [{"id": "VARCHAR",
            "answers": [{"text": "VARCHAR", "answer_start": "INTEGER"}]}]}]}]}').data]), max_depth := 2)
    from json where side = 'labels'
),
pairs as (select side, task, "language", value as id from lines where task = 'bucc2018' and value <> ''),
missed as (from pairs where side = 'labels' and (task, "language", id) not in
    (select (task, "language", id) from pairs where side = 'predictions'))
-- A sentence of Tatoeba is known by the line of English that is its translation.
select p.side, p.task, p.language, if(task = 'tatoeba', coalesce(l.value, 'line ' || p.id), p.id) as id,
    case when task in ('panx', 'udpos') then to_json(string_split(p.value, chr(10)))::varchar
        when task = 'pawsx' then coalesce(map {'0': 'different', '1': 'paraphrase'}[p.value], p.value)
        else p.value end as value
from lines p left join (from lines where side = 'labels') l using (task, "language", id)
where task <> 'bucc2018'
-- A pair of BUCC is its own id. It is an example where either side has it, and in English too where it is right.
union all by name
select *, 'en' as other, id as value from pairs where side = 'predictions'
union all by name
select * replace ('predictions' as side), 'en' as other, '' as value from missed
union all by name
select distinct 'labels' as side, task, unnest(["language", if(side = 'labels', 'en', "language")]) as "language", id
from pairs
union all by name
select json.side, task, "language", key as id, value->>'$' as value
from json, json_each(content) where side = 'predictions'
union all by name
select 'labels' as side, task, "language", id, [{'text': a.text, 'start': a.answer_start} for a in answers] as answers
from questions
