"""Unicode's CLDR, as the package Babel carries it, made into rows: data sets that need no file."""
