"""The command line: one verb a file, nothing heavy imported at the top."""
