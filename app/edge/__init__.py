"""HTTP input and output: access to routes, headers, bodies and clients, submissions."""
