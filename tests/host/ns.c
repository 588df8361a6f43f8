/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host needs to know of a namespace: how many blocks of which size.
 */
#include "config.h"

#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

int
host_ns_open(struct host_queue *admin, uint32_t nsid, struct host_ns *ns)
{
	uint8_t id[SPEC_IDENTIFY_LEN];
	struct host_cmd cmd;
	unsigned lbaf;

	host_fill_identify(&cmd, 0, nsid, id, sizeof(id));
	if (host_run(admin, &cmd) == -1)
		return (-1);
	lbaf = id[26] & 15;
	ns->nsid = nsid;
	ns->nlbas = get64(id, 0);
	if (lbaf > id[25] || id[128 + 4 * lbaf + 2] < 9 || id[128 + 4 * lbaf + 2] > 16)
		return (host_conn_fail(&admin->conn, HOST_CONTROLLER,
		    "nsid %u: FLBAS %u, NLBAF %u, LBADS %u", nsid, lbaf, id[25],
		    id[128 + 4 * lbaf + 2]));
	ns->block = 1u << id[128 + 4 * lbaf + 2];
	if (ns->nlbas == 0 || get64(id, 8) > ns->nlbas || get64(id, 16) > get64(id, 8))
		return (host_conn_fail(
		    &admin->conn, HOST_CONTROLLER, "nsid %u: NSZE, NCAP and NUSE disagree", nsid));
	return (0);
}

/* CNS 02h: up to 1024 active NSIDs above `after`, ascending. Returns how many, or -1. */
int
host_ns_list(struct host_queue *admin, uint32_t after, uint32_t *nsids)
{
	uint8_t list[SPEC_IDENTIFY_LEN];
	struct host_cmd cmd;
	int n;

	host_fill_identify(&cmd, 2, after, list, sizeof(list));
	if (host_run(admin, &cmd) == -1)
		return (-1);
	for (n = 0; n < 1024 && (nsids[n] = get32(list, (unsigned)n * 4)) != 0; n++) {
		if (nsids[n] <= after)
			return (host_conn_fail(&admin->conn, HOST_CONTROLLER,
			    "NSID %u after %u in the list", nsids[n], after));
		after = nsids[n];
	}
	return (n);
}
