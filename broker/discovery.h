/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discovery log page (70h), as one host sees it. Pure: a configuration, the addresses of the
 * listening sockets and those of one connection in, bytes out.
 */
#ifndef BROKER_DISCOVERY_H
#define BROKER_DISCOVERY_H

#include <stddef.h>
#include <stdint.h>

#include "broker/configuration.h"
#include "common/ipc_payload.h"

enum { DISCOVERY_ENTRIES = 4096 };	/* at most, of one log page */

struct held;

/* A listening socket of the configuration. */
struct listening {
	const struct config_listener *config;
	struct held *held;
	struct ipc_addr address;	/* as the socket has it */
};

struct discovery_view {
	const struct config *config;
	const struct listening *listening;
	size_t nlistening;
	const char *hostnqn;
	struct ipc_addr peer, local;
	uint32_t listener;		/* the one that it came through */
};

struct discovery_page {
	uint8_t *data;			/* NULL: no memory */
	size_t size;
	uint64_t generation;		/* changes exactly when the content does */
	size_t left_out;		/* entries, for want of room */
};

/* In fresh memory, which the caller frees. */
struct discovery_page discovery_build(const struct discovery_view *);

#endif
