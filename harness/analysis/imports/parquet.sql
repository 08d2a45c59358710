-- A Parquet table, one row per scored example.
select * from read_parquet($file)
