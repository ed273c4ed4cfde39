"""The database: sessions, transactions, and what both engines have in common."""
