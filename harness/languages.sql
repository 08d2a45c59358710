-- The languages table in SQL, with `unit` and `cluster` (docs/statistics.md).
select l.*, l.glottocode_language as unit,
    case when c.cluster is not null then c.cluster
         when l.family is null or b.value is not null then l.name
         else l.family end as "cluster"
from read_csv($languages, sample_size = -1) l
left join read_csv($clusters, all_varchar = true) c on c."column" = 'code' and c.value = l.code
left join read_csv($clusters, all_varchar = true) b on b."column" = 'family' and b.value = l.family
