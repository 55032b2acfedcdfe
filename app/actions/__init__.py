"""What people do: plain functions with explicit arguments."""
