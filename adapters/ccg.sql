-- CCGbank's derivations: a line with the sentence's ID, then one with its tree. A leaf of the tree is
-- (<L CATEGORY POS POS WORD ARGUMENTS>). Sections of the Wall Street Journal are folders: 01, 22 and 24 are not read.
with
files as (
    select filename as file, string_split(content, chr(10)) as lines
    from read_text([$root || '/data/AUTO/' || part || '/wsj_*.auto' for part in ['0[02-9]', '1?', '2[013]']])
),
lines as (
    select file, unnest(lines) as line, generate_subscripts(lines, 1) as i from files
),
sentences as (
    select *, nullif(regexp_extract(line, '^ID=(\S+) ', 1), '') as id,
        lead(line) over (partition by file order by i) as tree,
        case string_split(file, '/')[-2] when '00' then 'dev' when '23' then 'test' else 'train' end as split
    from lines
    where line <> ''
    qualify row_number() over (partition by file order by i) % 2 = 1
),
leaves as (
    select *, '\(<L (\S+) \S+ \S+ (\S+) \S+>\)' as leaf, regexp_extract_all(tree, leaf, 1) as categories,
        regexp_extract_all(tree, leaf, 2) as words, len(string_split(tree, '(<L')) - 1 as n
    from sentences
),
-- Clark and Curran's 425 categories: those that stand at least ten times in train.
frequent as (
    select list(category order by times desc, category) as listed
    from (
        select unnest(categories) as category, count(*) as times from leaves where split = 'train' group by category
        having count(*) >= 10
    )
)
select split, 'eng_Latn' as language, id, 'ccg:' || id as source, 'ccg:' || parse_filename(file, true) as block,
    -- A leaf that is none of that form leaves the sentence without tokens. Escapes are the Penn Treebank's.
    if(len(words) = n, [
        coalesce(
            map {'-LRB-': '(', '-RRB-': ')', '-LCB-': '{', '-RCB-': '}'}[x], regexp_replace(x, '\\([/*])', '\1', 'g')
        ) for x in words
    ], null) as tokens,
    [if(list_contains(listed, x), x, 'rare') for x in categories] as tags, file, i as line
from leaves cross join frequent
order by file, i
