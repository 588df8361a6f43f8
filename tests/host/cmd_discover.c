/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discover: read the discovery log in pieces, make sure that it did not change meanwhile, print its
 * records. watch: the same, and once more when the target says that it has changed.
 */
#include "config.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { LID_DISCOVERY = 0x70, RECORDS_MAX = 4096, TRIES = 4, TICK_MS = 20 };

/* Header and records. */
enum { LOG_GENCTR = 0, LOG_NUMREC = 8, LOG_RECFMT = 16 };
enum {
	REC_TRTYPE = 0,
	REC_ADRFAM = 1,
	REC_SUBTYPE = 2,
	REC_TREQ = 3,
	REC_PORTID = 4,
	REC_CNTLID = 6,
	REC_ASQSZ = 8,
	REC_EFLAGS = 10,
	REC_TRSVCID = 32,
	REC_SUBNQN = 256,
	REC_TRADDR = 512,
	REC_SECTYPE = 769,
};

static int
get_log(struct host_ctrl *h, uint64_t offset, void *buf, uint32_t len)
{
	struct host_cmd cmd;

	host_fill_log(&cmd, LID_DISCOVERY, offset, buf, len);
	return (host_run(h->admin, &cmd));
}

/* All records; the generation must be the same before and after. NULL: said why. */
static uint8_t *
read_records(struct host_ctrl *h, uint64_t *genctr, uint64_t *n)
{
	uint8_t head[SPEC_LOG_HEADER], *rec = NULL;

	for (int i = 0; i < TRIES; i++) {
		if (get_log(h, 0, head, sizeof(head)) == -1)
			break;
		*genctr = get64(head, LOG_GENCTR);
		*n = get64(head, LOG_NUMREC);
		if (get16(head, LOG_RECFMT) != 0 || *n > RECORDS_MAX) {
			host_conn_fail(&h->admin->conn, HOST_CONTROLLER,
			    "discovery log: RECFMT %u, NUMREC %" PRIu64, get16(head, LOG_RECFMT),
			    *n);
			break;
		}
		free(rec);
		if ((rec = calloc(*n + 1, SPEC_LOG_RECORD)) == NULL)
			break;
		for (uint64_t k = 0; k < *n; k++)
			if (get_log(h, SPEC_LOG_HEADER + k * SPEC_LOG_RECORD,
				rec + k * SPEC_LOG_RECORD, SPEC_LOG_RECORD) == -1)
				goto out;
		if (get_log(h, 0, head, sizeof(head)) == -1)
			break;
		if (get64(head, LOG_GENCTR) == *genctr)
			return (rec);
	}
	host_conn_fail(&h->admin->conn, HOST_CONTROLLER, "the discovery log changes all the time");
 out:	free(rec);
	say_queue_error(h->admin);
	return (NULL);
}

/* A padded field as a string that is safe to print; false: it has bytes that no such field may
 * have. */
static bool
copy_field(char *to, const uint8_t *from, size_t len)
{
	bool good = true;

	while (len > 0 && (from[len - 1] == '\0' || from[len - 1] == ' '))
		len--;
	for (size_t i = 0; i < len; i++) {
		bool ok = from[i] > 0x20 && from[i] < 0x7f && from[i] != '"' && from[i] != '\\';

		to[i] = ok ? (char)from[i] : '?';
		good = good && ok;
	}
	to[len] = '\0';
	return (good);
}

static bool
is_usable_address(const char *s, uint8_t adrfam)
{
	uint8_t a[16], zero[16] = { 0 };

	if (inet_pton(adrfam == 2 ? AF_INET6 : AF_INET, s, a) != 1)
		return (false);
	return (memcmp(a, zero, adrfam == 2 ? 16 : 4) != 0);
}

/* A record that a host could not use is an error, not something to print and forget. */
static int
print_record(struct host_ctrl *h, const uint8_t *r, bool json, bool first)
{
	static const char *const subtypes[] = { "?", "referral", "nvme", "current" };
	char addr[257], port[33], nqn[257];
	const char *subtype = subtypes[r[REC_SUBTYPE] & 3];
	bool good = copy_field(addr, r + REC_TRADDR, 256);

	good = copy_field(port, r + REC_TRSVCID, 32) && good;
	good = copy_field(nqn, r + REC_SUBNQN, 256) && good;
	if (!good || r[REC_TRTYPE] != 3 || !is_usable_address(addr, r[REC_ADRFAM]) ||
	    nqn[0] == '\0' || r[REC_SUBTYPE] < 1 || r[REC_SUBTYPE] > 3 ||
	    get16(r, REC_ASQSZ) < 32) {
		host_conn_fail(&h->admin->conn, HOST_CONTROLLER,
		    "discovery record: trtype %u, adrfam %u, "
		    "subtype %u, address %s, asqsz %u",
		    r[REC_TRTYPE], r[REC_ADRFAM], r[REC_SUBTYPE], addr, get16(r, REC_ASQSZ));
		return (say_queue_error(h->admin));
	}
	if (json)
		printf(
		    "%s{\"trtype\":\"tcp\",\"adrfam\":\"%s\",\"subtype\":\"%s\",\"traddr\":\"%s\","
		    "\"trsvcid\":\"%s\",\"subnqn\":\"%s\",\"portid\":%u,\"treq\":%u,\"eflags\":%u}",
		    first ? "" : ",", r[REC_ADRFAM] == 2 ? "ipv6" : "ipv4", subtype, addr, port,
		    nqn, get16(r, REC_PORTID), r[REC_TREQ], get16(r, REC_EFLAGS));
	else
		printf("%s tcp %s %s %s portid %u treq %u\n", subtype, addr, port, nqn,
		    get16(r, REC_PORTID), r[REC_TREQ]);
	return (EXIT_OK);
}

int
cmd_discover(struct settings *s, struct host_ctrl *h)
{
	uint64_t genctr, n;
	uint8_t *rec = read_records(h, &genctr, &n);
	int status = EXIT_OK;

	if (rec == NULL)
		return (EXIT_FAULT);
	if (s->json)
		printf("{\"genctr\":%" PRIu64 ",\"records\":[", genctr);
	else
		printf("genctr %" PRIu64 ", %" PRIu64 " records\n", genctr, n);
	for (uint64_t i = 0; i < n && status == EXIT_OK; i++)
		status = print_record(h, rec + i * SPEC_LOG_RECORD, s->json, i == 0);
	if (s->json)
		puts("]}");
	free(rec);
	return (status);
}

/* The event is wished for by the keep alive timer alone; no feature is set. */
int
cmd_watch(struct settings *s, struct host_ctrl *h)
{
	static struct host_cmd aer;	/* the queue keeps it */
	int status;

	if (h->opts.kato_ms == 0)
		return (say_usage("watch: a host that stays needs --kato"));
	host_fill(&aer, OPC_AER, 0, HOST_NODATA, NULL, 0);
	if (host_queue_submit(h->admin, &aer) == -1)
		return (say_queue_error(h->admin));
	if ((status = cmd_discover(s, h)) != EXIT_OK)
		return (status);
	printf("watch: cntlid %u\n", h->cntlid);
	while (!aer.complete) {
		if (host_ctrl_keep_alive(h) == -1)
			return (say_error(&h->error, &h->refusal));
		if (host_queue_wait(&h->admin, 1, TICK_MS) == -1)
			return (say_queue_error(h->admin));
	}
	printf("event %#x, status %#x\n", aer.dw0, aer.status);
	return (cmd_discover(s, h));
}
