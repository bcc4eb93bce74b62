"""Links: what sets them off (`triggers`), what comes of it (`runs`), their making (`wishes`)."""
