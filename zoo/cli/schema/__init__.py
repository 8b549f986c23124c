"""The JSON schema of recipes, from the classes that they name."""
