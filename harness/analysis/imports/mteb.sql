-- What `mteb` keeps of its runs: DIR/MODEL/REVISION/TASK.json (or DIR/results/…), a TaskResult with a score of each split
-- and subset; beside them lie files that are none. A revision that ends in `seedN` is a run of the model. Scores of other
-- revisions of the data are of other data sets. A subset of one language is of that language; one of a language and
-- English is of that language too, under a target of its own.
with
files as (
    select string_split(regexp_replace(file[length(getvariable('place')) + 2:], '^results/', ''), '/') as path, json
    from read_json_objects($root || '/**/*.json', format = 'unstructured', filename = 'file')
    where json_type(json, 'scores') = 'OBJECT'
),
splits as (
    select path[1] as arm, regexp_extract(path[-2], '(^|-)seed(\d+)$', 2) as seed, json->>'task_name' as task,
        concat('@', nullif(json->>'dataset_revision', 'no_revision_available')[:8]).rtrim('@') as revision,
        unnest(map_entries((json->'scores')::map(varchar, json[]))) as split
    from files
),
subsets as (
    select * exclude (split), split.key as split, unnest(split.value) as subset from splits
),
scores as (
    select arm, nullif(seed, '') as seed, task, revision, split, (subset->>'main_score')::double as value,
        list_distinct((subset->'languages')::varchar[]) as languages, subset->>'$.languages[0]' as first,
        list_filter(languages, lambda code: code <> 'eng-Latn') as others
    from subsets
),
rows as (
    select *, len(languages) > 1 as paired, coalesce(others[1], languages[1]) as code,
        if(paired, if(first = 'eng-Latn', 'from', 'to'), null) as direction
    from scores
)
select arm, seed, concat(task, if(paired, ' with eng_Latn', '')) as target, concat(task, revision) as dataset, split,
    replace(code, '-', '_') as "language", getvariable('whole') as id, direction, 'main_score' as metric, value,
    case when code is null then 'of no language' when len(others) > 1 then 'of several languages'
        when count(*) over (partition by arm, seed, target, dataset, split, code, direction) > 1
            then 'of a language with several subsets'
        when not bool_and(value between 0 and 1 or isnan(value)) over (partition by target) then 'not from 0 to 1'
    end as skipped
from rows
