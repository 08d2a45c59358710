-- What only a store needs: its example scores as its suites ask for them, in the languages that a suite names and
-- without items that its training has met. A job that fills two cells counts in both.
create view scored as
with asked as (select distinct suite, target, "language" from seen),
editions as (select suite, coalesce(declaration->>'edition', 'as-released') as own from suites),
filled as (
    select c.suite, c.arm, c.target, c.seed, c.job, c.phase = 'score' as counts,
        if(counts, own, if(own = 'errata', 'as-released', 'errata')) as edition
    from cells c left join editions using (suite) where c.phase in ('score', 'beside')
)
select c.* exclude (job, edition), e.* exclude (job) replace (c.edition as edition)
from example_scores e
join filled c on c.job = e.job
left join asked a on a.suite = c.suite and a.target = c.target and a.language = e.language
left join masked m on m.suite = c.suite and m.target = c.target and m.dataset = e.dataset and m.split = e.split
    and m.id = e.id
where (c.target = 'intermediate' or a.language is not null) and m.id is null;
