"""A counter has a series for each combination of its labels, and keeps all of them for ever."""

import secrets

from prometheus_client import CollectorRegistry, Counter

registry = CollectorRegistry()
by_path = Counter("by_path", "One label.", ["path"], registry=registry)
by_rule = Counter("by_rule", "One label.", ["rule"], registry=registry)

# section: count
for _ in range(1000):
    by_path.labels(f"/api/v1/books/{secrets.randbelow(10**9)}").inc()
    by_rule.labels("/api/v1/books/<int:book_id>").inc()
# end section: count

for counter in (by_path, by_rule):
    (family,) = counter.collect()
    series = [sample for sample in family.samples if sample.name.endswith("_total")]
    print(f"{family.name}: {len(series)} series after 1000 requests")
