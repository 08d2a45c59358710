-- Records of Every Eval Ever (schema 0.2 and 0.3): DIR/**/UUID.json, scores of a model, and UUID_samples.jsonl beside it
-- where each item has one. A score whose items are there is left to them. Neither schema has a field for languages: one
-- stands among the details (`language`), or in the name of the evaluation. Direction and layer are those of our own
-- export, by the name of the result; so is the language in front of an item's id.
with
records as (
    select json from read_json_objects($root || '/**/*.json*', format = 'unstructured')
),
results as (
    select json->>'evaluation_id' as evaluation, json->>'$.model_info.id' as arm,
        unnest((json->'evaluation_results')::json[]) as result
    from records where json_exists(json, 'evaluation_results')
),
scores as (
    select evaluation, arm, result->>'evaluation_name' as name, result->>'evaluation_result_id' as part,
        result->>'$.source_data.dataset_name' as dataset, result->>'$.source_data.additional_details.split' as split,
        coalesce(result->>'$.metric_config.metric_name', result->>'$.metric_config.metric_id', 'score') as metric,
        result->>'$.score_details.details.language' as "language",
        coalesce((result->>'$.metric_config.min_score')::double, 0) as low,
        coalesce((result->>'$.metric_config.max_score')::double, 1) as high,
        (result->>'$.score_details.score')::double as score,
        coalesce(result->>'$.score_details.details.items', result->>'$.score_details.uncertainty.num_samples') as items,
        (result->>'$.metric_config.lower_is_better')::boolean as falls
    from results
),
samples as (
    select json->>'evaluation_id' as evaluation, json->>'evaluation_name' as name, json->>'evaluation_result_id' as part,
        json->>'sample_id' as sample, json->>'$.metadata.language' as "language", json->>'$.metadata.seed' as seed,
        (json->>'$.evaluation.score')::double as score
    from records where json_exists(json, 'sample_id')
),
"all" as (
    select s.* exclude (score, items), s.score, s.items, null as sample, null as seed
    from scores s anti join samples using (evaluation, name, part)
    union all by name
    select s.* exclude ("language", score, items), coalesce(m.language, s.language) as "language", m.score, m.sample,
        m.seed
    from samples m join scores s using (evaluation, name, part)
)
select arm, if("language" is null, null, name) as target, if("language" is null, concat(dataset, '_', name), null) as task,
    if("language" is null, null, dataset) as dataset, split, "language", metric, seed, items,
    nullif(regexp_extract(part, '/(to|from)/', 1), '') as direction,
    coalesce(regexp_replace(sample, concat('^', "language", '/|/', direction, '$'), '', 'g'), getvariable('whole')) as id,
    nullif(regexp_extract(part, '/layer(\d+)/', 1), '') as layer, (score - low) / (high - low) as value,
    case when falls then 'of metrics where less is better'
        when not bool_and(score between low and high) over (partition by name, metric) then 'not on their own scale'
    end as skipped
from "all"
