/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The book of ranges and three controllers: a and b have a backend under two names, c has another one
 * and may only read that. What is said to them goes into a list that the test reads, one by one.
 */
#ifndef TESTS_UNIT_RANGE_WORLD_H
#define TESTS_UNIT_RANGE_WORLD_H

#include "broker/range.h"
#include "tests/unit/unit.h"

enum { DISK = 1, OTHER = 2 };	/* backends */
enum { PATIENCE_MS = 10000 };

/* A controller: up to three namespaces. */
struct host {
	const char *name;
	struct ipc_record record;
	struct range_member *m;
	unsigned killed;
	bool deaf;
};

extern struct host a, b, c;
extern struct range_book *book;

/* Where everything is set up; both are for cmocka. */
int	range_setup(void **);
int	range_teardown(void **);

void	has(struct host *, uint32_t nsid, uint8_t backend, bool readonly);
void	joins(struct host *);
void	leaves(struct host *);
int	lock(struct host *, uint64_t token, uint32_t nsid, uint64_t offset, uint64_t len);

/* The next message is this one. */
const struct ipc_range *heard(struct host *, uint32_t type);
/* Returns the token of a HOLD. */
uint64_t hold(struct host *, uint32_t nsid, uint64_t offset, uint64_t len, bool answer);
void	granted(struct host *, uint64_t asked);
void	freed(struct host *, uint64_t token);
void	silence(void);		/* nothing else was said */
void	not_heard(void);	/* whatever it was */

#endif
