"""Links: what sets them off, what comes of it (`runs`), and their making (`wishes`)."""
