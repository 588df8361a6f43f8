/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of a namespace's reservations: see reservation_file.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/reservation_file.h"
#include "common/wire.h"

#define FILE_VERSION 1u

#define FILE_PTPL 1u
#define FILE_WPROTECT 2u

enum { HASH_SIZE = 32 };

static const uint8_t magic[8] = "CBRESERV";

struct head {
	uint8_t magic[8];
	struct le32 version, length;	/* length: of the whole file, bytes */
	uint8_t id[RESERVATION_ID];
	struct le32 gen, type, holder, flags, n;
};

struct entry {
	uint8_t hostid[RESERVATION_HOSTID];
	struct le64 key;
};

_Static_assert(sizeof(struct head) == 68 && sizeof(struct entry) == 24, "as on the disk");
_Static_assert(sizeof(struct head) + RESERVATION_REGISTRANTS * sizeof(struct entry) + HASH_SIZE ==
    RESERVATION_FILE_MAX, "the largest file");

void
reservation_id(uint8_t id[RESERVATION_ID], const char *nqn, uint32_t nsid, const uint8_t uuid[16])
{
	struct le32 n = le32(nsid);
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, RESERVATION_ID);
	crypto_generichash_update(&st, uuid, 16);
	crypto_generichash_update(&st, n.b, sizeof(n.b));
	crypto_generichash_update(&st, (const uint8_t *)nqn, strlen(nqn));
	crypto_generichash_final(&st, id, RESERVATION_ID);
}

void
reservation_name(char name[RESERVATION_NAME], const uint8_t id[RESERVATION_ID])
{
	size_t n = (size_t)snprintf(name, RESERVATION_NAME, "reservation-");

	sodium_bin2hex(name + n, RESERVATION_NAME - n, id, 16);
}

static size_t
length(uint32_t n)
{
	return (sizeof(struct head) + n * sizeof(struct entry) + HASH_SIZE);
}

size_t
reservation_encode(const struct reservation *now, const uint8_t id[RESERVATION_ID], uint8_t *to)
{
	struct reservation left, *r = &left;
	struct head h;
	size_t len;

	reservation_lasting(r, now);
	len = length(r->n);
	h = (struct head){ .version = le32(FILE_VERSION), .length = le32((uint32_t)len),
	    .gen = le32(r->gen), .type = le32(r->type), .holder = le32(r->holder),
	    .n = le32(r->n),
	    .flags = le32((r->ptpl ? FILE_PTPL : 0) | (r->wprotect ? FILE_WPROTECT : 0)) };

	memcpy(h.magic, magic, sizeof(h.magic));
	memcpy(h.id, id, sizeof(h.id));
	memcpy(to, &h, sizeof(h));
	for (uint32_t i = 0; i < r->n; i++) {
		struct entry e = { .key = le64(r->reg[i].key) };

		memcpy(e.hostid, r->reg[i].hostid, sizeof(e.hostid));
		memcpy(to + sizeof(h) + i * sizeof(e), &e, sizeof(e));
	}
	crypto_generichash(to + len - HASH_SIZE, HASH_SIZE, to, len - HASH_SIZE, NULL, 0);
	return (len);
}

static bool
frame_ok(const struct head *h, const uint8_t id[RESERVATION_ID], const uint8_t *from, size_t len)
{
	uint8_t hash[HASH_SIZE];

	if (memcmp(h->magic, magic, sizeof(magic)) != 0 || le32_get(h->version) != FILE_VERSION ||
	    le32_get(h->length) != len || le32_get(h->n) > RESERVATION_REGISTRANTS ||
	    length(le32_get(h->n)) != len || memcmp(h->id, id, RESERVATION_ID) != 0)
		return (false);
	crypto_generichash(hash, sizeof(hash), from, len - HASH_SIZE, NULL, 0);
	return (memcmp(hash, from + len - HASH_SIZE, HASH_SIZE) == 0);
}

int
reservation_decode(struct reservation *r, const uint8_t id[RESERVATION_ID], const uint8_t *from,
    size_t len)
{
	struct head h;
	uint32_t flags;

	memset(r, 0, sizeof(*r));
	if (len < length(0))
		return (-1);
	memcpy(&h, from, sizeof(h));
	if (!frame_ok(&h, id, from, len))
		return (-1);
	flags = le32_get(h.flags);
	r->gen = le32_get(h.gen);
	r->type = le32_get(h.type);
	r->holder = le32_get(h.holder);
	r->ptpl = flags & FILE_PTPL;
	r->wprotect = (flags & FILE_WPROTECT) != 0;
	r->n = le32_get(h.n);
	for (uint32_t i = 0; i < r->n; i++) {
		struct entry e;

		memcpy(&e, from + sizeof(h) + i * sizeof(e), sizeof(e));
		memcpy(r->reg[i].hostid, e.hostid, sizeof(e.hostid));
		r->reg[i].key = le64_get(e.key);
	}
	if (flags <= (FILE_PTPL | FILE_WPROTECT) && reservation_ok(r))
		return (0);
	memset(r, 0, sizeof(*r));
	return (-1);
}

/* One byte more than the largest: what is longer is not ours. */
static ssize_t
slurp(int fd, uint8_t *to, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while (n < size && (r = pread(fd, to + n, size - n, (off_t)n)) != 0) {
		if (r == -1)
			return (-1);
		n += (size_t)r;
	}
	return ((ssize_t)n);
}

int
reservation_read(struct reservation *r, int dir, const uint8_t id[RESERVATION_ID])
{
	uint8_t bytes[RESERVATION_FILE_MAX + 1];
	char name[RESERVATION_NAME];
	ssize_t n;
	int fd;

	memset(r, 0, sizeof(*r));
	reservation_name(name, id);
	if ((fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) == -1)
		return (errno == ENOENT ? 0 : -1);
	n = slurp(fd, bytes, sizeof(bytes));
	close(fd);
	if (n == -1)
		return (-1);
	if (reservation_decode(r, id, bytes, (size_t)n) == 0) {
		struct reservation left;

		reservation_lasting(&left, r);	/* older programs wrote more */
		*r = left;
		return (0);
	}
	errno = EBADMSG;
	return (-1);
}
