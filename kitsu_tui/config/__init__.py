"""Configuration: profiles, environment, paths and the model store."""
