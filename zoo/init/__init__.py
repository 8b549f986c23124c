"""What data is: a file or a folder is looked at, and a recipe for it is written."""
