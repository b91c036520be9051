"""The portal's web pages and its OAuth2 endpoints."""
