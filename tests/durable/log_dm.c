/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of the kernel's dm-log-writes: a head, then entries, each in a sector of its own with its
 * data behind it. What is in it was durable when it came: a write is logged when a flush that began
 * after it is complete, or at once with FUA. So one that is older than another one of the same
 * block may be logged after it.
 */
#include "config.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"
#include "tests/durable/replay.h"

#define DM_MAGIC	0x6a736677736872ull
#define DM_DISCARD	0x4u
#define DM_MARK		0x8u
#define DM_FILE		1u		/* the device's number among files */

struct dm_super { struct le64 magic, version, entries; struct le32 sector_size; };
struct dm_entry { struct le64 sector, sectors, flags, data_len; };

static const char name[] = "device", last_mark[] = "dm-log-writes-end";

bool
log_is_dm(const uint8_t *bytes, size_t size)
{
	struct dm_super s;

	if (size < sizeof(s))
		return (false);
	memcpy(&s, bytes, sizeof(s));
	return (le64_get(s.magic) == DM_MAGIC);
}

static struct entry
entry_make(enum record_type type, size_t i, const uint8_t *data, uint64_t size)
{
	return ((struct entry){ .r = { .magic = RECORD_MAGIC, .type = (uint16_t)type,
	    .begin = 2 * i + 1, .end = 2 * i + 2, .file = DM_FILE, .size = size }, .data = data });
}

/* Returns how many bytes the entry at `at` takes; 0: it is not whole. */
static size_t
entry_read(struct entry *e, size_t i, const uint8_t *at, size_t left, size_t sector)
{
	uint64_t flags, len;
	struct dm_entry d;

	if (left < sector)
		return (0);
	memcpy(&d, at, sizeof(d));
	flags = le64_get(d.flags);
	len = le64_get(d.sectors) * sector;
	if ((flags & DM_MARK) != 0) {
		*e = entry_make(RECORD_MARK, i, at + sizeof(d), le64_get(d.data_len));
		return (e->r.size <= sector - sizeof(d) ? sector : 0);
	}
	*e = entry_make(RECORD_WRITE, i, at + sector, len);
	if ((flags & DM_DISCARD) != 0) {
		*e = entry_make(RECORD_ZERO, i, NULL, 0);
	} else if (len > left - sector)
		return (0);
	e->r.offset = le64_get(d.sector) * sector;
	e->r.len = len;
	e->r.flags = RECORD_DSYNC;
	return (sector + e->r.size);
}

/* Neither a mere flush nor the kernel's own mark. */
static bool
is_something(const struct entry *e)
{
	if (e->r.type != RECORD_MARK)
		return (e->r.len != 0);
	return (e->r.size != strlen(last_mark) || memcmp(e->data, last_mark, e->r.size) != 0);
}

void
log_find_dm(struct log *log, size_t size)
{
	struct dm_super s;
	size_t at, n, sector;

	memcpy(&s, log->bytes, sizeof(s));
	at = sector = le32_get(s.sector_size);
	if (sector < sizeof(struct dm_entry) || le64_get(s.entries) > size / sector ||
	    (log->entry = calloc(le64_get(s.entries) + 1, sizeof(*log->entry))) == NULL)
		errx(2, "the log is damaged");
	log->late = true;
	log->entry[log->n++] = entry_make(RECORD_FILE, 0, (const uint8_t *)name, strlen(name));
	for (size_t i = 0; i < le64_get(s.entries); i++, at += n) {
		n = entry_read(&log->entry[log->n], log->n, log->bytes + at, size - at, sector);
		if (n == 0)
			errx(2, "the log is damaged at entry %zu", i);
		log->n += is_something(&log->entry[log->n]);
	}
}
