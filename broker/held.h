/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that outlive this broker: listening sockets, claims, RAM disks, the control socket.
 * The warden has a duplicate of each; this is the broker's own list of the same, by kind and key.
 * What a new configuration does not want is dropped, but a claim that a live or draining worker's
 * record names stays as long as that worker.
 */
#ifndef BROKER_HELD_H
#define BROKER_HELD_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc_payload.h"

enum { HELD_KEY_SIZE = 32 };

struct held {
	TAILQ_ENTRY(held) entry;
	uint32_t kind;			/* enum hold_kind */
	uint8_t key[HELD_KEY_SIZE];
	int fd;
	bool wanted;			/* by the configuration */
};

TAILQ_HEAD(held_list, held);

/* A key from what identifies the thing: texts and numbers that the configuration gives. */
void	held_key(uint8_t key[HELD_KEY_SIZE], uint32_t kind, const char *text, uint64_t a,
	    uint64_t b);

/* Takes fd; one that is there already is replaced. Returns NULL (and fd closed) without memory. */
struct held *held_put(struct held_list *, uint32_t kind, const uint8_t key[HELD_KEY_SIZE], int fd);
struct held *held_find(struct held_list *, uint32_t kind, const uint8_t key[HELD_KEY_SIZE]);
void	held_forget(struct held_list *, struct held *);	/* closes it */

#endif
