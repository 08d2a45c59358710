-- One passage a line, in LANGUAGE.txt or in files of a folder LANGUAGE; an empty line ends a document.
with
files as (
    select filename as file, filename[len($root) + 2:] as path,
        -- A byte order mark, which read_text keeps, is taken off.
        string_split(ltrim(content, chr(65279)), chr(10)) as lines
    from read_text($root || '/**/*.txt')
),
lines as (
    select file, path, unnest(lines) as text, generate_subscripts(lines, 1) as line from files
),
passages as (
    select file, path, line, rtrim(text, chr(13)) as text,
        count_if(trim(text, chr(13) || ' ') = '') over (partition by file order by line) as document
    from lines
)
select 'train' as split, regexp_replace(string_split(path, '/')[1], '\.txt$', '') as language,
    path || ':' || line as id, 'plain_text:' || id as source,
    'plain_text:' || path || ':document:' || document as block, text, file, line
from passages
where trim(text) <> ''
order by file, line
