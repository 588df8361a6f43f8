/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine that does nothing but compare: a list of the operations that are expected, each with a
 * canned answer. An operation that is not the next one expected fails the test; so does one that is
 * left over at the end.
 */
#ifndef TESTS_UNIT_FAKE_DISK_H
#define TESTS_UNIT_FAKE_DISK_H

#include <stdint.h>

#include "worker/engine.h"

#define FAKE_FUA	0x1u
#define FAKE_UNMAP	0x2u

struct fake_op {
	enum eng_verb verb;
	int fd;
	uint64_t offset, len;	/* bytes */
	unsigned flags;
	int error;		/* the answer */
};

#define FAKE_FILL 0xa5		/* what a read brings */

int	fake_disk_fd(unsigned slot);	/* -1: nothing is there */
/* The ends of the buffer of the last write. */
struct fake_ends { uint8_t first, last; };
extern struct fake_ends fake_wrote;
extern bool fake_disk_lanes;	/* the test has other lanes, which may be waked */

void	fake_disk_expect(const struct fake_op *);
void	fake_disk_run(void);	/* answers everything, also what is submitted meanwhile */
void	fake_disk_start(void);	/* what is there now can no longer be cancelled */
void	fake_disk_end(void);	/* nothing may be left */

#endif
