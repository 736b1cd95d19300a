"""Spans for OpenTelemetry: one a run, and within it one for each step of each track."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LONGEST_EXPORT_S = 5.0
"""A collector that is away costs a run no more than this, once."""

# A collector that is away is told again and again; the run does not depend on it.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)


class Traces:
    """Sends spans to a collector by OTLP over HTTP; what it does not take is lost, and nothing waits for it."""

    def __init__(self, endpoint: str, version: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource({"service.name": "music-sync", "service.version": version})
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=LONGEST_EXPORT_S)
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("music_sync")
        self._run: Any = None

    @contextmanager
    def run(self, name: str) -> Iterator[None]:
        """The span of a whole run; all others begun meanwhile, in whatever thread, are its children."""
        from opentelemetry.trace import set_span_in_context

        try:
            with self._tracer.start_as_current_span(name) as span:
                self._run = set_span_in_context(span)
                yield
        finally:
            self._run = None
            self._provider.shutdown()

    @contextmanager
    def step(self, name: str, track: str) -> Iterator[None]:
        """The span of one step; an exception that leaves it is noted on it."""
        with self._tracer.start_as_current_span(name, context=self._run, attributes={"track": track}):
            yield
