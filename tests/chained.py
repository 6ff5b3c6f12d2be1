"""The keys of the record's chain in tests. Everybody knows them, so they chain nothing elsewhere."""

from __future__ import annotations

from store.record.keys import RecordKeys

KEYS = RecordKeys(["A" * 43 + "="])
