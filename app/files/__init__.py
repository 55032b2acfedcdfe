"""What is installed beside the code: where it is, and the addresses of built files. Reads files and nothing else."""
