-- What may be wrong with predictions whatever their task kind, in words: `faults` of the table `given` against
-- `examples`. A test is one language of a data set's split, or of translations one direction between two.
create or replace view said as
select dataset, split, "language", other, direction, id, prediction,
    concat_ws(' ', dataset, split, "language", direction, other) as test from given;

create or replace view asked as
select test, e.id
from (select distinct test, "language", other, direction from said) t join examples e on e.language = t.language
where t.direction is null or exists (from examples o where o.language = t.other and o.id = e.id);

create or replace view faults as
select 1 as n, test, id || ' is no example of it' as fault from said anti join asked using (test, id)
union all
select 2, test, id || ' stands twice' from said group by test, id having count(*) > 1
union all
select 3, test, count(s.id) || ' of ' || count(*) || ' examples are predicted; a part would be another test: give all'
from asked left join said s using (test, id) group by test having count(s.id) < count(*);
