/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a namespace's reservations, with its checksum made right: what it says is believed only
 * if it is a state that reservations can be in, and that state can be stored and read again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/reservation_file.h"
#include "tests/fuzz/fuzz.h"

enum { HASH = 32 };

static void
check(const struct reservation *r, const uint8_t id[RESERVATION_ID])
{
	uint8_t bytes[RESERVATION_FILE_MAX];
	struct reservation left, again;
	size_t len;

	PROMISE(reservation_ok(r));
	reservation_lasting(&left, r);
	len = reservation_encode(r, id, bytes);
	PROMISE(len <= sizeof(bytes));
	PROMISE(reservation_decode(&again, id, bytes, len) == 0);
	PROMISE(memcmp(&again, &left, sizeof(again)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static const uint8_t id[RESERVATION_ID];	/* that of the corpus */
	struct reservation r;
	uint8_t *bytes = malloc(len + 1);

	PROMISE(bytes != NULL);
	if (len > 0)
		memcpy(bytes, in, len);
	if (len >= HASH)
		crypto_generichash(bytes + len - HASH, HASH, bytes, len - HASH, NULL, 0);
	if (reservation_decode(&r, id, bytes, len) == 0)
		check(&r, id);
	free(bytes);
	return (0);
}
