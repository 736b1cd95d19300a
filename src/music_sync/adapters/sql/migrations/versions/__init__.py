"""One step a file, oldest first; a step that was released is never changed."""
