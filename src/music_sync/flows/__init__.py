"""The durable stories: with the wiring the only code that knows the engine."""
