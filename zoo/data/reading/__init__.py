"""Files of a user's, with errors that say which file and which lines."""
