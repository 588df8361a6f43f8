/* SPDX-License-Identifier: BSD-2-Clause */
/* The one function of every fuzz driver; libFuzzer and replay.c both call it. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A broken promise of the code under test ends the driver, with or without NDEBUG. */
#define PROMISE(x) do { if (!(x)) __builtin_trap(); } while (0)

#endif
