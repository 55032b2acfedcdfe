"""The hand-off pool: threads that open the sessions of due requests."""
