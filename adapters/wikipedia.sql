-- Parquet with an article a row, in a folder for each dump and edition: 20231101.sw. Articles of two editions are no
-- translations of each other: ids carry the edition.
select 'train' as split, regexp_extract(file, '/\d{8}\.([^/]+)/[^/]+$', 1) as language, language || '-' || id as id,
    'wikipedia:' || language || '-' || pages.id as source, source as block, text,
    if(trim(text) = '', 'no text', null) as skipped, file, file_row_number + 1 as line
from read_parquet($root || '/*.*/train-*.parquet', filename = 'file', file_row_number = true) pages
order by file, file_row_number
