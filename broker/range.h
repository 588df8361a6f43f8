/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges that one controller has for itself while it does a fused Compare and Write: who asked,
 * who has to keep out, who has said that it does. Pure: nothing is sent but through callbacks, and
 * no clock is read. Ranges are bytes of a backend (its claim's key), since that may be exported
 * under several NSIDs and with several block sizes.
 *
 * A member is a controller that may write somewhere. It joins before its host can send a command,
 * it is gone when its process has ended, and it is drained when the last write of that process has
 * landed: only then what it had is free, and only then it keeps out where it did not say so.
 */
#ifndef BROKER_RANGE_H
#define BROKER_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc.h"

enum {
	RANGE_ACTIVE = 8,		/* of one backend; the others wait for these to end */
	RANGE_LOOK = 64,		/* of those that wait, so many are looked at */
	RANGE_BYTES = 65536,		/* the longest: one block of the largest size */
};

struct range_book;
struct range_member;

struct range_calls {
	/* IPC_RANGE_*, to a worker. 0, or -1 when it does not read; one that ends is no error. */
	int (*say)(void *who, uint32_t type, const void *payload, size_t size);
	/* It broke its word: its end will be told with range_gone(), later. */
	void (*kill)(void *who, const char *why);
	const struct ipc_record *(*record)(void *who);
};

/* patience_ms: so long may a worker take to finish its writes to a range, and so long to compare and
 * write when it has it for itself. seed: any number that the last broker did not have, so that what
 * was said of its tokens is not taken for ours. NULL: no memory. All members have left when it is
 * freed. */
struct range_book *range_book_new(const struct range_calls *, uint64_t patience_ms, uint32_t seed);
void	range_book_free(struct range_book *);

/*
 * A new broker does not know what the last one granted. Between begin and end all controllers that
 * live are taken over: each finishes what it was granted and says so; until all that may write to a
 * backend did, or are drained, nobody is granted anything there, and what was held stays so.
 */
void	range_takeover_begin(struct range_book *);
void	range_takeover_end(struct range_book *);

/* old: taken over. NULL: no memory. A new one is told nothing yet. */
struct range_member *range_join(struct range_book *, void *who, bool old);
/* Tells it what it has to keep out of from now on: all that is of key, or, key NULL, of its record.
 * Before it can write there. 0, or -1 when it does not read: to be called again. */
int	range_tell(struct range_member *, const uint8_t *key);
void	range_gone(struct range_member *);	/* NULL is permitted */
void	range_drained(struct range_member *);	/* frees it; NULL is permitted */

/* What a worker said: 0, or -1 when it broke a rule. */
int	range_lock(struct range_member *, const struct ipc_range *);
int	range_unlock(struct range_member *, uint64_t token);
int	range_held(struct range_member *, uint64_t token);
int	range_reset_done(struct range_member *);

/* ms have passed: whose time is over is killed. False when nobody's time is running. */
bool	range_pass(struct range_book *, uint64_t ms);

#endif
