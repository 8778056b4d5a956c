"""Import: designs from the files that systems already have, one file per format."""
