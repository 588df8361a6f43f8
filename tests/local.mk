# tests: unit (cmocka), fuzz, host (nvmehost), stories
