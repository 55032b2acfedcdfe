"""Actions of people: plain functions with explicit arguments."""
