/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What reached a medium and when: the log that logfs writes and replay reads. Same machine, so host
 * order. Each record is a head, then `size` bytes: what was written, a name ("from\0to" of a
 * rename), or the words of a mark.
 */
#ifndef TESTS_DURABLE_RECORD_H
#define TESTS_DURABLE_RECORD_H

#include <stdint.h>

#define RECORD_TYPES(X)								\
	X(FILE, "file")		/* there when the log begins; offset: its size */	\
	X(WRITE, "write")	X(ZERO, "zero")		X(TRUNCATE, "truncate")	\
	X(FSYNC, "fsync")	X(FSYNCDIR, "fsyncdir")				\
	X(CREATE, "create")	X(MKDIR, "mkdir")				\
	X(RENAME, "rename")	X(UNLINK, "unlink")	X(MARK, "mark")

enum record_type {
#define X(name, text) RECORD_##name,
	RECORD_TYPES(X)
#undef X
	RECORD_TYPE_MAX
};

#define RECORD_MAGIC	0x31676f6cu
#define RECORD_DSYNC	0x1u	/* write: durable when it has ended (O_DSYNC) */

/* Begin and end are from one counter: no two moments of a log are the same. */
struct record {
	uint32_t magic;
	uint16_t type, flags;
	uint64_t begin, end;
	uint64_t file;			/* inode number */
	uint64_t offset, len;		/* bytes */
	uint64_t size;			/* of what follows */
};

#endif
