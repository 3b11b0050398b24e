"""DuckDB: loading, the SQL that turns remittance lines into verdicts and disputes, and publishing."""
