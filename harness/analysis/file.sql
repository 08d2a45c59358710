-- The tables of a published results file: what it counted are its rows, what was declared stands in its metadata.
create view declared as
select *, meta->>'$.suite.name' as suite
from (select decode(value)::json as meta from parquet_kv_metadata($file) where decode(key) = 'stiltbench');

create view suites as select suite, meta->'suite' as declaration from declared;

create view scored as
select d.suite, r.edition = $edition as counts, r.* from read_parquet($file) r, (select suite from declared) d;

create view errata as
with told as (select suite, unnest((meta->'$.facts.errata')::json[]) as told from declared)
select suite, told->>'target' as target, told->>'dataset' as dataset, told->>'split' as split,
    told->>'language' as "language", told->>'effect' as effect, (told->'ids')::varchar[] as ids,
    told->>'evidence' as evidence
from told;

create view cells as
with targets as (select *, unnest(json_keys(meta->'$.suite.targets')) as target from declared),
seeds as (select *, unnest((meta->'$.suite.seeds')::bigint[]) as seed from targets)
select suite, unnest(json_keys(meta->'$.suite.arms')) as arm, target, seed, 'score' as phase, null::varchar as job
from seeds;

create view seen as
with told as (select suite, unnest((meta->'seen')::json[]) as told from declared)
select suite, told->>0 as arm, told->>1 as target, told->>2 as "language", told->>3 as seen from told;
