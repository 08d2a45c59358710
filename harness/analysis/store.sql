-- What only a store needs: its example scores as its suites count them, in the languages that a suite asks for and
-- without items that its training has met. A job that fills two cells counts in both.
create view counted as
with asked as (select distinct suite, target, "language" from seen)
select c.suite, c.arm, c.target, c.seed, e.* exclude (job)
from example_scores e
join cells c on c.job = e.job and c.phase = 'score'
left join asked a on a.suite = c.suite and a.target = c.target and a.language = e.language
left join masked m on m.suite = c.suite and m.target = c.target and m.dataset = e.dataset and m.split = e.split
    and m.id = e.id
where (c.target = 'intermediate' or a.language is not null) and m.id is null;
