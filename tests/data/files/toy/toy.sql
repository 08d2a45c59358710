select split, language, id, text, label, filename as file, row_number() over () + 1 as line
from read_csv($root || '/*.tsv', delim = '\t', quote = '', escape = '', header = true, all_varchar = true,
    filename = true)
