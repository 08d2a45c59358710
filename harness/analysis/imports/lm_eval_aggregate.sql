-- What `lm_eval --output_path DIR` (lm-evaluation-harness 0.4) sums up in DIR/MODEL/results_TIME.json: of each task a
-- score for each metric and filter. What a group of tasks sums up once more is not taken; of scores that are no ratios
-- or fall as a model gets better nothing could be said.
with
files as (
    select string_split(file, '/')[-2] as arm, json
    from read_json_objects($root || '/*/results_*.json', format = 'unstructured', filename = 'file')
),
tasks as (
    select arm, json, unnest(map_entries((json->'results')::map(varchar, map(varchar, json)))) as task from files
),
scores as (
    select arm, json, task.key as task, unnest(map_entries(task.value)) as score from tasks
    where coalesce(json_array_length(json->'group_subtasks'->task.key), 0) = 0
),
numbers as (
    select arm, task, json, string_split(score.key, ',') as name, (score.value->>'$')::double as value from scores
    where score.key like '%,%' and score.key not like '%\_stderr,%' escape '\'
        and json_type(score.value) in ('DOUBLE', 'BIGINT', 'UBIGINT')
)
select arm, task, getvariable('whole') as id, name[1] || coalesce(',' || nullif(name[2], 'none'), '') as metric, value,
    json->'n-samples'->task->>'effective' as items,
    case when (json->'higher_is_better'->task->>name[1]) = 'false' then 'of metrics where less is better'
        when not bool_and(value between 0 and 1 or isnan(value)) over (partition by name) then 'not from 0 to 1'
    end as skipped
from numbers
