"""Tests mirror the tree; a package, so that no installed `tests` of another project stands before it."""
