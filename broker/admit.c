/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy: see admit.h. */
#include "config.h"

#include <string.h>

#include "broker/admit.h"
#include "common/addr.h"
#include "common/ipc.h"
#include "common/nqn.h"
#include "common/nvme.h"

/* Offsets in the Connect data, and of QID in the command. */
#define IN_DATA		1
#define IPO_HOSTID	0
#define IPO_CNTLID	16
#define IPO_SUBNQN	256
#define IPO_HOSTNQN	512
#define IPO_QID		42

/* Controller ids are chosen at random, and there have to be some left to choose from. */
#define MOST_CONTROLLERS (NVME_CNTLID_MAX - 1024)

#define BUSY		NVME_SC_CONNECT_CONTROLLER_BUSY
#define PARAM		NVME_SC_CONNECT_INVALID_PARAMETERS
#define HOST		NVME_SC_CONNECT_INVALID_HOST
#define DNR		NVME_SC_DNR

static const struct {
	struct ipc_refuse refuse;
	const char *message, *remedy;
} reasons[] = {
	[ADMIT_OK] = { { 0 }, "admitted", "" },
	[ADMIT_BAD_REQUEST] = { { NVME_SC_INVALID_FIELD | DNR, 0, 0, { 0 } },
	    "its worker asked for something impossible", "report this as a bug" },
	[ADMIT_BAD_HOSTNQN] = { { PARAM | DNR, IPO_HOSTNQN, IN_DATA, { 0 } },
	    "not a host NQN", "set the host's name in /etc/nvme/hostnqn" },
	[ADMIT_BAD_SUBNQN] = { { PARAM | DNR, IPO_SUBNQN, IN_DATA, { 0 } },
	    "not a subsystem NQN", "name a subsystem that the discovery log shows" },
	[ADMIT_UNKNOWN_SUBSYSTEM] = { { PARAM | DNR, IPO_SUBNQN, IN_DATA, { 0 } },
	    "there is no such subsystem", "name one of subsystems: nqn" },
	[ADMIT_DISCOVERY_ONLY] = { { PARAM | DNR, IPO_SUBNQN, IN_DATA, { 0 } },
	    "this listener is for discovery only", "connect to an address from the discovery log" },
	[ADMIT_UNKNOWN_HOST] = { { HOST | DNR, 0, 0, { 0 } },
	    "the subsystem does not name this host", "add it to the subsystem's hosts" },
	[ADMIT_WRONG_ADDRESS] = { { HOST | DNR, 0, 0, { 0 } },
	    "the host may not come from this address", "add it to the host's addresses" },
	[ADMIT_NO_HEADER_DIGEST] = { { HOST | DNR, 0, 0, { 0 } },
	    "header digests are required and were not asked for",
	    "connect with header digests (nvme connect --hdr-digest)" },
	[ADMIT_NO_DATA_DIGEST] = { { HOST | DNR, 0, 0, { 0 } },
	    "data digests are required and were not asked for",
	    "connect with data digests (nvme connect --data-digest)" },
	[ADMIT_NO_DIGESTS] = { { HOST | DNR, 0, 0, { 0 } },
	    "header and data digests are required and were not asked for",
	    "connect with both (nvme connect --hdr-digest --data-digest)" },
	[ADMIT_FULL] = { { BUSY, 0, 0, { 0 } },
	    "too many controllers", "raise limits: controllers" },
	[ADMIT_HOST_FULL] = { { BUSY, 0, 0, { 0 } }, "too many controllers of this host",
	    "raise limits: controllers-per-host or the host's max-controllers" },
	[ADMIT_DISCOVERY_FULL] = { { BUSY, 0, 0, { 0 } },
	    "too many discovery controllers", "raise limits: discovery-controllers" },
	[ADMIT_SOURCE_FULL] = { { BUSY, 0, 0, { 0 } },
	    "too many discovery controllers from this address",
	    "raise limits: discovery-controllers" },
	[ADMIT_NAMELESS_FULL] = { { BUSY, 0, 0, { 0 } },
	    "too many controllers from this address, of a host that is not named",
	    "name the hosts instead of allow-any-host, or raise limits: controllers" },
	[ADMIT_LEAVING] = { { BUSY, 0, 0, { 0 } }, "the service is being stopped", "" },
	[ADMIT_NOT_DRAINED] = { { BUSY, 0, 0, { 0 } },
	    "writes of this host's previous controller have not reached the device yet",
	    "the host tries again" },
	[ADMIT_OVERLOAD] = { { BUSY, 0, 0, { 0 } },
	    "too much to do to open its namespaces in time",
	    "raise limits: greeting-timeout, or give hosts fewer namespaces" },
	[ADMIT_NO_RESOURCES] = { { BUSY, 0, 0, { 0 } }, "out of memory or descriptors",
	    "raise LimitNOFILE, or add memory" },
	[ADMIT_NO_CNTLID] = { { BUSY, 0, 0, { 0 } },
	    "all controller ids of the subsystem are in use", "give it a larger range: cntlids" },
	[ADMIT_UNKNOWN_CNTLID] = { { PARAM, IPO_CNTLID, IN_DATA, { 0 } },
	    "the controller of this queue is gone", "the host connects anew" },
	[ADMIT_OTHER_HOST] = { { PARAM | DNR, IPO_HOSTNQN, IN_DATA, { 0 } },
	    "the controller of this queue is another host's", "" },
	[ADMIT_OTHER_HOSTID] = { { PARAM | DNR, IPO_HOSTID, IN_DATA, { 0 } },
	    "the host id is not the one of the admin queue", "" },
	[ADMIT_OTHER_SUBSYSTEM] = { { PARAM | DNR, IPO_SUBNQN, IN_DATA, { 0 } },
	    "the subsystem is not the one of the admin queue", "" },
	[ADMIT_OTHER_ADDRESS] = { { HOST | DNR, 0, 0, { 0 } },
	    "the address is not the one of the admin queue",
	    "connect all queues from one address (nvme connect --host-traddr)" },
	[ADMIT_NO_IO_QUEUES] = { { PARAM | DNR, IPO_QID, 0, { 0 } },
	    "a discovery controller has no I/O queues", "" },
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == ADMIT_REASON_MAX, "a row per reason");

const char *
admit_message(enum admit_reason r)
{
	return (reasons[r].message);
}

const char *
admit_remedy(enum admit_reason r)
{
	return (reasons[r].remedy);
}

void
admit_refuse(struct admit_verdict *v, enum admit_reason r)
{
	v->reason = r;
	v->refuse = reasons[r].refuse;
}

static bool
is_nqn(const char text[IPC_NQN_SIZE])
{
	return (ipc_text_ok(text, IPC_NQN_SIZE) && nqn_valid((const uint8_t *)text));
}

static enum admit_reason
check_names(const struct ipc_connect *c)
{
	if (!is_nqn(c->subnqn))
		return (ADMIT_BAD_SUBNQN);
	return (is_nqn(c->hostnqn) ? ADMIT_OK : ADMIT_BAD_HOSTNQN);
}

uint32_t
admit_share(uint32_t limit)
{
	return (limit / 4 + 1);
}

/* have: the worker's word. One that lies harms the data of its own host. */
static enum admit_reason
decide_digests(uint8_t required, uint8_t have)
{
	switch (required & ~have) {
	case 0:
		return (ADMIT_OK);
	case IPC_DIGEST_HEADER:
		return (ADMIT_NO_HEADER_DIGEST);
	case IPC_DIGEST_DATA:
		return (ADMIT_NO_DATA_DIGEST);
	default:
		return (ADMIT_NO_DIGESTS);
	}
}

static enum admit_reason
decide_discovery(const struct config *cfg, const struct admit_counts *n)
{
	if (n->discovery >= cfg->limits.discovery_controllers ||
	    n->io + n->discovery >= MOST_CONTROLLERS)
		return (ADMIT_DISCOVERY_FULL);
	if (n->discovery_of_source >= admit_share(cfg->limits.discovery_controllers))
		return (ADMIT_SOURCE_FULL);
	return (ADMIT_OK);
}

static enum admit_reason
decide_host(const struct config_subsystem *s, const char *hostnqn, const struct ipc_addr *peer,
    const struct config_host **host)
{
	*host = config_find_host(s, hostnqn);
	if (config_may_connect(s, hostnqn, peer))
		return (ADMIT_OK);
	return (*host == NULL ? ADMIT_UNKNOWN_HOST : ADMIT_WRONG_ADDRESS);
}

static enum admit_reason
decide_limits(const struct config *cfg, const struct config_host *host,
    const struct admit_counts *n)
{
	uint32_t per_host = cfg->limits.controllers_per_host;
	uint32_t share = admit_share(cfg->limits.controllers);

	if (host != NULL && host->max_controllers != 0)
		per_host = host->max_controllers;
	if (n->io_of_host >= per_host)
		return (ADMIT_HOST_FULL);
	if (share < per_host)
		share = per_host;	/* a source is at least one host */
	if (host == NULL && n->nameless_of_source >= share)
		return (ADMIT_NAMELESS_FULL);
	return (n->io >= cfg->limits.controllers || n->io + n->discovery >= MOST_CONTROLLERS ?
	    ADMIT_FULL : ADMIT_OK);
}

static enum admit_reason
decide(const struct config *cfg, const struct admit_request *r, const struct admit_counts *n,
    struct admit_verdict *v)
{
	const struct ipc_connect *c = r->connect;
	enum admit_reason reason;

	if (c->qid != 0 || c->cntlid != NVME_CNTLID_DYNAMIC || !addr_ok(&r->peer, false) ||
	    c->digests > IPC_DIGEST_BOTH)
		return (ADMIT_BAD_REQUEST);
	if ((reason = check_names(c)) != ADMIT_OK)
		return (reason);
	if ((v->discovery = config_is_discovery(cfg, c->subnqn))) {
		v->digests = (uint8_t)config_digests(cfg, NULL);
		reason = decide_digests(v->digests, c->digests);
		return (reason != ADMIT_OK ? reason : decide_discovery(cfg, n));
	}
	if (r->discovery_listener)
		return (ADMIT_DISCOVERY_ONLY);
	if ((v->subsystem = config_find_subsystem(cfg, c->subnqn)) == NULL)
		return (ADMIT_UNKNOWN_SUBSYSTEM);
	if ((reason = decide_host(v->subsystem, c->hostnqn, &r->peer, &v->host)) != ADMIT_OK)
		return (reason);
	v->digests = (uint8_t)config_digests(cfg, v->host);
	if ((reason = decide_digests(v->digests, c->digests)) != ADMIT_OK)
		return (reason);
	return (decide_limits(cfg, v->host, n));
}

void
admit_decide(const struct config *cfg, const struct admit_request *r, const struct admit_counts *n,
    struct admit_verdict *v)
{
	memset(v, 0, sizeof(*v));
	admit_refuse(v, decide(cfg, r, n, v));
}

static bool
same_nqn(const char a[IPC_NQN_SIZE], const char b[IPC_NQN_SIZE])
{
	return (nqn_equal((const uint8_t *)a, (const uint8_t *)b));
}

/* Who the host is comes before what it wants, so that a stranger learns as little as possible. */
static enum admit_reason
decide_queue(const struct ipc_record *controller, const struct admit_request *r)
{
	const struct ipc_connect *c = r->connect;
	enum admit_reason reason;

	if (c->qid == 0 || !addr_ok(&r->peer, false) || c->digests > IPC_DIGEST_BOTH)
		return (ADMIT_BAD_REQUEST);
	if ((reason = check_names(c)) != ADMIT_OK)
		return (reason);
	if (r->discovery_listener)
		return (ADMIT_DISCOVERY_ONLY);
	if (controller == NULL)
		return (ADMIT_UNKNOWN_CNTLID);
	if (!same_nqn(controller->hostnqn, c->hostnqn))
		return (ADMIT_OTHER_HOST);
	if (memcmp(controller->hostid, c->hostid, sizeof(c->hostid)) != 0)
		return (ADMIT_OTHER_HOSTID);
	if (!addr_same_host(&controller->peer, &r->peer))
		return (ADMIT_OTHER_ADDRESS);
	if (!same_nqn(controller->subnqn, c->subnqn))
		return (ADMIT_OTHER_SUBSYSTEM);
	if (controller->discovery)
		return (ADMIT_NO_IO_QUEUES);
	return (decide_digests(controller->digests, c->digests));
}

void
admit_queue(const struct ipc_record *controller, const struct admit_request *r,
    struct admit_verdict *v)
{
	memset(v, 0, sizeof(*v));
	admit_refuse(v, decide_queue(controller, r));
}
