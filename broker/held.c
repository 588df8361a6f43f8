/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of descriptors that the warden holds, too: see held.h. */
#include "config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/held.h"

_Static_assert(sizeof(((struct ipc_held *)0)->key) == HELD_KEY_SIZE, "keys");

void
held_key(uint8_t key[HELD_KEY_SIZE], uint32_t kind, const char *text, uint64_t a, uint64_t b)
{
	const uint64_t numbers[] = { kind, a, b };
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, HELD_KEY_SIZE);
	crypto_generichash_update(&st, (const uint8_t *)numbers, sizeof(numbers));
	crypto_generichash_update(&st, (const uint8_t *)text, strlen(text));
	crypto_generichash_final(&st, key, HELD_KEY_SIZE);
}

struct held *
held_find(struct held_list *list, uint32_t kind, const uint8_t key[HELD_KEY_SIZE])
{
	struct held *h;

	TAILQ_FOREACH(h, list, entry)
		if (h->kind == kind && memcmp(h->key, key, HELD_KEY_SIZE) == 0)
			return (h);
	return (NULL);
}

struct held *
held_put(struct held_list *list, uint32_t kind, const uint8_t key[HELD_KEY_SIZE], int fd)
{
	struct held *h = held_find(list, kind, key);

	if (h != NULL) {
		close(h->fd);
		h->fd = fd;
		return (h);
	}
	if ((h = calloc(1, sizeof(*h))) == NULL) {
		close(fd);
		return (NULL);
	}
	h->kind = kind;
	memcpy(h->key, key, HELD_KEY_SIZE);
	h->fd = fd;
	TAILQ_INSERT_TAIL(list, h, entry);
	return (h);
}

void
held_forget(struct held_list *list, struct held *h)
{
	TAILQ_REMOVE(list, h, entry);
	close(h->fd);
	free(h);
}
