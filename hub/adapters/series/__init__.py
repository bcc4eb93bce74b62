"""The `SeriesStore` port in InfluxDB, in SQLite and in memory."""
