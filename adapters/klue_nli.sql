-- One array of pairs a file. Pairs that share their premise are a block.
select string_split(parse_filename(file, true), '_')[-1] as split, 'ko' as language, guid as id,
    'klue_nli:' || guid as source, md5(premise) as block, premise as text, hypothesis as text_pair, gold_label as label,
    file
from read_json($root || '/klue_benchmark/klue-nli-v1.1/klue-nli-v1.1_*.json', format = 'array', filename = 'file',
    columns = {guid: 'VARCHAR', premise: 'VARCHAR', hypothesis: 'VARCHAR', gold_label: 'VARCHAR'})
