"""Spans, as a real collector on loopback gets them."""

import gzip
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from music_sync.adapters.traces_otel import Traces
from music_sync.demo.loopback import Answer, Loopback, Route


class Collector(Loopback):
    def routes(self) -> Sequence[Route]:
        return [("POST", "/v1/traces", lambda _request: Answer(200, b"", {"Content-Type": "application/x-protobuf"}))]

    @property
    def spans(self) -> list[tuple[str, str, bool]]:
        """Name, track, and whether it has a parent."""
        found = []
        for seen in self.calls("POST /v1/traces"):
            body = gzip.decompress(seen.body) if seen.headers.get("content-encoding") == "gzip" else seen.body
            told = ExportTraceServiceRequest.FromString(body)
            for span in (each for part in told.resource_spans for scope in part.scope_spans for each in scope.spans):
                tracks = [each.value.string_value for each in span.attributes if each.key == "track"]
                found.append((span.name, "".join(tracks), bool(span.parent_span_id)))
        return sorted(found)


def test_each_step_is_a_span_of_its_run_in_whatever_thread() -> None:
    with Collector() as collector:
        traces = Traces(collector.url, "1.0")
        with traces.run("music-sync sync"), ThreadPoolExecutor() as others:
            others.submit(_step, traces, "match").result()
            _step(traces, "file")

        assert collector.spans == [("file", "list:1", True), ("match", "list:1", True), ("music-sync sync", "", False)]


def test_an_error_leaves_a_step_as_it_came() -> None:
    with Collector() as collector:
        traces = Traces(collector.url, "1.0")

        with pytest.raises(ValueError, match="broken"), traces.run("music-sync sync"), traces.step("match", "list:1"):
            raise ValueError("broken")


def test_a_collector_that_is_away_stops_nothing() -> None:
    traces = Traces("http://127.0.0.1:9", "1.0")

    with traces.run("music-sync sync"):
        _step(traces, "match")


def _step(traces: Traces, name: str) -> None:
    with traces.step(name, "list:1"):
        pass
