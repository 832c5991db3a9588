"""Plain functions on arrays and frames; the scripts in ``stages/`` know paths and parameters."""
