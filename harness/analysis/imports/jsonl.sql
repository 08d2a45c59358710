-- A JSON object a line, one row per scored example. A text is taken as it is, a list as the JSON that it is.
select columns(*)->>'$'
from read_json($file, format = 'newline_delimited', maximum_depth = 1, sample_size = -1)
