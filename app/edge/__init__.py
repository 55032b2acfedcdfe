"""What comes in and goes out over HTTP: who may use a route, headers, bodies and clients, submissions."""
