"""Side-by-side measurements behind `stiltbench bench`: ratios and differences taken in one run."""
