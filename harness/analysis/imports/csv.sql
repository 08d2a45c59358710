-- A text table with a header, one row per scored example; the delimiter is found out. Every value stays the text that
-- it is, so that what is no number can be named.
select * from read_csv($file, header = true, all_varchar = true)
