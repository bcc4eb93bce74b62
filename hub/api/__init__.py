"""The companion API: HTTP and WebSocket, one router a file."""
