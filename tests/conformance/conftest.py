from databases import database, empty_database, postgresql_database

__all__ = ["database", "empty_database", "postgresql_database"]
