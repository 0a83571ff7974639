"""The built-in page: server-rendered, for people without Grafana. Reads what the API's routes read; no SQL, no HTTP."""
