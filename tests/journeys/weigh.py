"""What a page costs from a clean cache: bytes on the wire, requests, hosts, layout shift, its largest piece in time."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from .pages import Shown, show

# A mid-range phone on a weak line: Lighthouse's figures. The round trip is the caller's: it is added to every request.
CPU_SLOWER, BITS_A_SECOND, ROUND_TRIP_MS = 4, 1_600_000, 150
WATCH = """
window.shift = 0; window.largest = 0;
const watch = (type, each) =>
  new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({type, buffered: true});
watch("layout-shift", (entry) => { window.shift += entry.hadRecentInput ? 0 : entry.value; });
watch("largest-contentful-paint", (entry) => { window.largest = entry.startTime; });
"""


@dataclass
class Weight:
    """Bytes with headers, as received; `shift` is CLS, `largest_ms` is LCP in milliseconds."""

    bytes: int = 0
    requests: int = 0
    hosts: set[str] = field(default_factory=set)
    shift: float = 0
    largest_ms: float = 0
    viewer: bool = False


def weigh(
    browser: Browser,
    base_url: str,
    shown: Shown,
    world: dict[str, str],
    cast: Any,
    *,
    width: int = 360,
    round_trip_ms: int | None = None,
) -> Weight:
    """Open one page in a browser that has never been here; with a `round_trip_ms` on a weak phone and line."""
    context = browser.new_context(viewport={"width": width, "height": 800}, base_url=base_url)
    if shown.who:
        session = shown.session(getattr(cast, shown.who))
        context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    context.add_init_script(WATCH)
    page = context.new_page()
    wire = context.new_cdp_session(page)
    found = Weight()
    asked: dict[str, str] = {}
    documents: Counter[str] = Counter()

    def began(event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if url.startswith("http"):
            asked[event["requestId"]] = url
            documents[event["loaderId"]] += 1
            found.hosts.add(urlsplit(url).netloc)

    def ended(event: dict[str, Any]) -> None:
        if event["requestId"] in asked:
            found.bytes += event["encodedDataLength"]

    wire.on("Network.requestWillBeSent", began)
    wire.on("Network.loadingFinished", ended)
    wire.send("Network.enable")
    if round_trip_ms is not None:
        wire.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWER})
        line = {
            "downloadThroughput": BITS_A_SECOND / 8,
            "uploadThroughput": BITS_A_SECOND / 8,
            "latency": round_trip_ms,
        }
        wire.send("Network.emulateNetworkConditions", {"offline": False, **line})
    show(page, shown, world)
    page.wait_for_load_state("networkidle")
    deadline = time.monotonic() + 5
    while not page.evaluate("window.largest") and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    found.requests = max(documents.values())
    found.viewer = page.locator("[data-viewer]").count() > 0
    found.shift, found.largest_ms = page.evaluate("[window.shift, window.largest]")
    context.close()
    return found
