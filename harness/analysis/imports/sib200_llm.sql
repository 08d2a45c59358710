-- The answers published with SIB-200: a folder per system, a file per language. The headers are not compared: the
-- answer's column is `gpt-3` or `gpt-4`, which is not the system's name. Quoted answers hold line breaks.
select string_split(file, '/output_')[-1].string_split('/')[1].replace('gpt', 'gpt-') as arm, 'sib200' as dataset,
    'test' as split, parse_filename(file, true) as language, index_id as id, category as gold, answer
from read_csv($root || '/llm-results/output_*/*.tsv', delim = '\t', quote = '"', escape = '"', header = true,
    auto_detect = false, columns = {n: 'VARCHAR', index_id: 'VARCHAR', category: 'VARCHAR', text: 'VARCHAR',
    answer: 'VARCHAR'}, filename = 'file')
