/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file "identities" of the state directory: identities that were made once. It is read whole
 * and replaced whole. One that cannot be understood is an error and stays untouched: to make new
 * identities for disks in use would be worse than not to start.
 */
#ifndef BROKER_IDENTITY_STORE_H
#define BROKER_IDENTITY_STORE_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/configuration.h"

struct identity {
	RB_ENTRY(identity) entry;
	char nqn[CONFIG_NQN_SIZE];
	uint32_t nsid;			/* 0: the subsystem itself, which has only a serial */
	char serial[CONFIG_SERIAL_SIZE];
	uint8_t uuid[16], nguid[16], eui64[8];
};

RB_HEAD(identity_tree, identity);
RB_PROTOTYPE(identity_tree, identity, entry, identity_compare)

struct identity_store {
	struct identity_tree tree;
	size_t n;
	bool changed;
};

void	identity_store_init(struct identity_store *);
void	identity_store_free(struct identity_store *);
struct identity *identity_store_find(struct identity_store *, const char *nqn, uint32_t nsid);
struct identity *identity_store_add(struct identity_store *, const char *nqn, uint32_t nsid);

/* The text of a file: 0, or the number of the first line that is not understood. */
unsigned identity_store_parse(struct identity_store *, char *text);

/* dirfd is the state directory. -1: why, in wrong. Reading a file that is not there gives an empty
 * store. Writing is atomic and durable: the old file or the new one, never half of one. */
int	identity_store_read(struct identity_store *, int dirfd, char *wrong, size_t size);
int	identity_store_write(struct identity_store *, int dirfd, char *wrong, size_t size);

#endif
