"""The library on disk (SQLite), its keyword index, vector store and vector cache."""
