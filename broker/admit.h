/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may come in: policy as a function of the configuration, the request, what the listener says
 * of its address, and counts. Pure: no state, no log. Deny by default. A refusal that will still
 * stand when the host tries again carries DNR; one that will pass does not.
 */
#ifndef BROKER_ADMIT_H
#define BROKER_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/configuration.h"
#include "common/ipc_payload.h"

enum admit_reason {
	ADMIT_OK,
	ADMIT_BAD_REQUEST,	/* a worker that does not do its work: the host is not told */
	ADMIT_BAD_HOSTNQN,
	ADMIT_BAD_SUBNQN,
	ADMIT_UNKNOWN_SUBSYSTEM,
	ADMIT_DISCOVERY_ONLY,	/* this listener has nothing else */
	ADMIT_UNKNOWN_HOST,
	ADMIT_WRONG_ADDRESS,
	ADMIT_NO_HEADER_DIGEST,	/* of what the host, or everybody, must have */
	ADMIT_NO_DATA_DIGEST,
	ADMIT_NO_DIGESTS,	/* neither */
	ADMIT_FULL,
	ADMIT_HOST_FULL,
	ADMIT_DISCOVERY_FULL,
	ADMIT_SOURCE_FULL,
	ADMIT_NAMELESS_FULL,	/* of hosts that no configuration names */
	ADMIT_LEAVING,		/* the service is being stopped */
	ADMIT_NOT_DRAINED,	/* a dead worker's writes may still arrive */
	ADMIT_OVERLOAD,		/* its namespaces could not be opened in time */
	ADMIT_NO_RESOURCES,
	ADMIT_NO_CNTLID,
	/* of I/O queues */
	ADMIT_UNKNOWN_CNTLID,
	ADMIT_OTHER_HOST,
	ADMIT_OTHER_HOSTID,
	ADMIT_OTHER_SUBSYSTEM,
	ADMIT_OTHER_ADDRESS,
	ADMIT_NO_IO_QUEUES,	/* a discovery controller has none */
	ADMIT_REASON_MAX
};

struct admit_request {
	const struct ipc_connect *connect;
	struct ipc_addr peer;
	bool discovery_listener;
};

/* Controllers that there are, or are about to be. */
struct admit_counts {
	uint32_t io, io_of_host;	/* _of_host: of this host NQN */
	uint32_t nameless_of_source;	/* where any host is allowed, from its address */
	uint32_t discovery, discovery_of_source;
};

struct admit_verdict {
	enum admit_reason reason;
	struct ipc_refuse refuse;	/* what the host is told; zero when admitted */
	bool discovery;
	uint8_t digests;		/* IPC_DIGEST_ bits that every queue of it must have */
	const struct config_subsystem *subsystem;	/* NULL for discovery */
	const struct config_host *host;	/* NULL where any host is allowed */
};

/* A Connect for an admin queue. */
void	admit_decide(const struct config *, const struct admit_request *,
	    const struct admit_counts *, struct admit_verdict *);

/* A Connect for an I/O queue of the controller that the record is of (NULL: there is none). */
void	admit_queue(const struct ipc_record *, const struct admit_request *, struct admit_verdict *);

/* The verdict for a reason that is found elsewhere. */
void	admit_refuse(struct admit_verdict *, enum admit_reason);

/* What is wrong and what to do about it, for a log line. */
const char *admit_message(enum admit_reason);
const char *admit_remedy(enum admit_reason);

/* What one source may have where hosts are not known by name: they can call themselves anything. */
uint32_t admit_share(uint32_t limit);

#endif
