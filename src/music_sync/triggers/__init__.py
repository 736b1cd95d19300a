"""What starts a flow: the clock, a task on the board, a webhook."""
