"""Files installed beside the code: their paths, and the addresses of built files. Only reads files."""
