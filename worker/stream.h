/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies to memory that nobody is about to read: past the caches, where the processor can do so. A
 * plain store first brings the line from memory that it is going to replace.
 */
#ifndef WORKER_STREAM_H
#define WORKER_STREAM_H

#include <stdbool.h>
#include <stddef.h>

enum { STREAM_MIN = 4096 };	/* bytes: what is shorter may well be written again soon */

/* As memmove. True: other processors see it in order only after stream_fence(). */
bool	stream_copy(void *to, const void *from, size_t len);
void	stream_fence(void);

#endif
