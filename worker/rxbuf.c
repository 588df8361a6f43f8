/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receive buffers: a connection has one while there are bytes in it that wait for the rest of their
 * PDU, or for a slot. The last one that was given back is given out first, so that connections that
 * take turns find it in the cache; an idle lane has none. A host may leave the half of a PDU on
 * every queue: beyond RX_MANY only the beginning of a buffer is filled, and it is not kept.
 */
#include "config.h"

#include <sys/mman.h>

#include "worker/worker.h"

#define RX_MANY 16u
#define RX_SMALL 32768u

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
	if (p == MAP_FAILED)
		return (NULL);
	lane->nrxbufs++;
	return (p);
}

uint32_t
rxbuf_room(const struct lane *lane)
{
	return (lane->nrxbufs > RX_MANY ? RX_SMALL : RX_SIZE);
}

static void
unmap(struct lane *lane, struct rxbuf *b)
{
	lane->nrxbufs--;
	munmap(b, RX_SIZE);
}

void
rxbuf_put(struct lane *lane, uint8_t *buf)
{
	struct rxbuf *b = (struct rxbuf *)buf;

	if (b == NULL)
		return;
	if (lane->nrxbufs > RX_MANY) {
		unmap(lane, b);
		return;
	}
	SLIST_INSERT_HEAD(&lane->rxbufs, b, next);
	lane_used(lane);
}

void
rxbuf_trim(struct lane *lane)
{
	struct rxbuf *b;

	while ((b = SLIST_FIRST(&lane->rxbufs)) != NULL) {
		SLIST_REMOVE_HEAD(&lane->rxbufs, next);
		unmap(lane, b);
	}
}
