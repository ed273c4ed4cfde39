"""The database: sessions, transactions, and the common interface of both engines."""
