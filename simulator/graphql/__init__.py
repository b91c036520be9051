"""The portal's GraphQL server."""
