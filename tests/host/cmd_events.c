/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * events: switches on every event that the target can send, and says each in a line, with what its
 * log page says then: which namespaces have changed and what they are now, or the state of each ANA
 * group. Until SIGTERM, or for --seconds. ana-log: the state of each group now.
 */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { TICK_MS = 20, LOG_LEN = 16384, OAES = 92, FID_EVENTS = 0x0b, LID_CHANGED = 0x04,
	LID_ANA = 0x0c, ANA_HEADER = 16, ANA_GROUP = 32 };

static volatile sig_atomic_t told_to_end;
static uint8_t page[LOG_LEN];

static void
on_signal(int sig)
{
	(void)sig;
	told_to_end = 1;
}

static int
say_ns(struct host_queue *admin, uint32_t nsid)
{
	uint8_t id[SPEC_IDENTIFY_LEN];
	struct host_cmd cmd;

	host_fill_identify(&cmd, 0, nsid, id, sizeof(id));
	if (host_run(admin, &cmd) == -1)
		return (-1);
	printf("ns %u: %" PRIu64 " blocks, nsattr %#x, ana group %u\n", nsid, get64(id, 0), id[99],
	    get32(id, 92));
	return (0);
}

/* NSIDs up to the first 0; FFFFFFFFh: more than can be listed. */
static int
say_changed(struct host_queue *admin)
{
	printf("changed:");
	for (unsigned i = 0; i < 1024 && get32(page, i * 4) != 0; i++)
		printf(" %u", get32(page, i * 4));
	putchar('\n');
	for (unsigned i = 0; i < 1024 && get32(page, i * 4) != 0; i++)
		if (get32(page, i * 4) != HOST_NSID_ALL && say_ns(admin, get32(page, i * 4)) == -1)
			return (-1);
	return (0);
}

/* Groups with a state and their namespaces; what does not fit into the page is an error. */
static int
say_ana(struct host_queue *admin)
{
	uint32_t at = ANA_HEADER;

	for (unsigned i = 0; i < get16(page, 8); i++) {
		uint32_t n = at + ANA_GROUP <= LOG_LEN ? get32(page, at + 4) : LOG_LEN;

		if (n > (LOG_LEN - at - ANA_GROUP) / 4)
			return (host_conn_fail(&admin->conn, HOST_CONTROLLER,
			    "log 0Ch: a descriptor is not in the page"));
		printf("ana: group %u state %u count %" PRIu64 ":", get32(page, at),
		    page[at + 16], get64(page, at + 8));
		for (uint32_t j = 0; j < n; j++)
			printf(" %u", get32(page, at + ANA_GROUP + j * 4));
		putchar('\n');
		at += ANA_GROUP + n * 4;
	}
	return (0);
}

static int
read_log(struct host_queue *admin, uint8_t lid)
{
	struct host_cmd cmd;

	memset(page, 0, sizeof(page));
	host_fill_log(&cmd, lid, 0, page, lid == LID_CHANGED ? 4096 : LOG_LEN);
	if (host_run(admin, &cmd) == -1)
		return (-1);
	if (lid == LID_CHANGED)
		return (say_changed(admin));
	return (lid == LID_ANA ? say_ana(admin) : 0);
}

static int
begin(struct host_ctrl *h, struct host_cmd *aer)
{
	uint32_t oaes = get32(h->identify, OAES);
	struct host_cmd cmd;

	host_fill_set_feature(&cmd, FID_EVENTS, oaes);
	if (host_run(h->admin, &cmd) == -1)
		return (-1);
	host_fill(aer, OPC_AER, 0, HOST_NODATA, NULL, 0);
	if (host_queue_submit(h->admin, aer) == -1)
		return (-1);
	printf("events: cntlid %u, enabled %#x\n", h->cntlid, oaes);
	return (0);
}

static int
take(struct host_ctrl *h, struct host_cmd *aer)
{
	uint8_t lid = (uint8_t)(aer->dw0 >> 16);

	if (aer->status != 0)
		return (host_conn_fail(&h->admin->conn, HOST_STATUS, "event: %s",
		    host_status_name(aer->status)));
	printf("event: type %u info %#x log %#x\n", aer->dw0 & 7, aer->dw0 >> 8 & 0xff, lid);
	if (read_log(h->admin, lid) == -1)
		return (-1);
	host_fill(aer, OPC_AER, 0, HOST_NODATA, NULL, 0);
	return (host_queue_submit(h->admin, aer));
}

int
cmd_ana_log(struct settings *s, struct host_ctrl *h)
{
	(void)s;
	return (read_log(h->admin, LID_ANA) == -1 ? say_queue_error(h->admin) : EXIT_OK);
}

int
cmd_events(struct settings *s, struct host_ctrl *h)
{
	struct sigaction sa = {.sa_handler = on_signal};
	int64_t end = host_now_ms() + (int64_t)s->seconds * 1000;
	static struct host_cmd aer;

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	if (begin(h, &aer) == -1)
		return (say_queue_error(h->admin));
	while (!told_to_end && (s->seconds == 0 || host_now_ms() < end)) {
		if (host_ctrl_keep_alive(h) == -1)
			return (say_error(&h->error, &h->refusal));
		if ((aer.complete && take(h, &aer) == -1) ||
		    host_queue_wait(&h->admin, 1, TICK_MS) == -1)
			return (say_queue_error(h->admin));
	}
	return (EXIT_OK);
}
