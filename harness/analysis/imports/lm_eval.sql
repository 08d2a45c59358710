-- What `lm_eval --log_samples --output_path DIR` (lm-evaluation-harness 0.4) leaves in DIR/MODEL: a file per task and
-- time of run, in it an object per document and filter. Besides its fixed keys an object has one per metric; those that
-- hold a number score the document, the others are parts of a corpus metric. `perplexity` is a log-likelihood.
with
samples as (
    select file, json, regexp_extract(file, '/samples_([^/]+)_\d{4}-\d\d-\d\dT[^/_]+\.jsonl$', 1) as task,
        json->>'$.doc.link' as link, json->>'$.doc.question_number' as question,
        unnest(list_filter(json_keys(json), lambda key: key not in ('doc_id', 'target', 'perplexity')
            and json_type(json, key) in ('BOOLEAN', 'BIGINT', 'UBIGINT', 'DOUBLE'))) as key
    from read_ndjson_objects($root || '/*/samples_*.jsonl', filename = 'file')
)
-- Belebele's questions are known by page and number in every language; elsewhere `doc_id` counts a task's documents.
select string_split(file, '/')[-2] as arm, nullif(task, '') as task,
    coalesce(link || ' ' || question, json->>'doc_id') as id, link as block,
    key || coalesce(',' || nullif(json->>'filter', 'none'), '') as metric, json->>key as value
from samples
