"""What a recipe says: read, joined, resolved and checked as plain data, without torch or Lightning."""
