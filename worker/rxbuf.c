/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receive buffers: a connection has one while there are bytes in it that wait for the rest of their
 * PDU, or for a slot. The last one that was given back is given out first, so that connections that
 * take turns find it in the cache; an idle lane has none.
 */
#include "config.h"

#include <sys/mman.h>

#include "worker/worker.h"

struct rxbuf {
	SLIST_ENTRY(rxbuf) next;
};

uint8_t *
rxbuf_get(struct lane *lane)
{
	struct rxbuf *b = SLIST_FIRST(&lane->rxbufs);
	void *p;

	if (b != NULL) {
		SLIST_REMOVE_HEAD(&lane->rxbufs, next);
		return ((uint8_t *)b);
	}
	p = mmap(NULL, RX_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (p == MAP_FAILED ? NULL : p);
}

void
rxbuf_put(struct lane *lane, uint8_t *buf)
{
	struct rxbuf *b = (struct rxbuf *)buf;

	if (b != NULL)
		SLIST_INSERT_HEAD(&lane->rxbufs, b, next);
}

void
rxbuf_trim(struct lane *lane)
{
	struct rxbuf *b;

	while ((b = SLIST_FIRST(&lane->rxbufs)) != NULL) {
		SLIST_REMOVE_HEAD(&lane->rxbufs, next);
		munmap(b, RX_SIZE);
	}
}
