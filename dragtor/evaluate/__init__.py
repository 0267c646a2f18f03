"""How good retrieval is: sets, metrics, runs and significance."""
