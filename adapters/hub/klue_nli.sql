-- The Hub's layout: the configuration nli. Pairs that share their premise are a block.
select if(split = 'validation', 'dev', split) as split, 'ko' as language, guid as id, 'klue_nli:' || guid as source,
    md5(premise) as block, premise as text, hypothesis as text_pair, label
from raw
order by raw.split, row
