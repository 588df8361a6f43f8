# tests: unit (cmocka), fuzz, host (nvmehost), stories
include tests/vm/local.mk
include tests/unit/local.mk
