/* SPDX-License-Identifier: BSD-2-Clause */
/* The discovery log: who sees what where, what each entry says of itself, and when its generation
 * changes. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/discovery.h"
#include "common/nvme.h"
#include "common/nvme_data.h"
#include "common/wire.h"

#define A	"nqn.2026-11.example:a"
#define B	"nqn.2026-11.example:b"
#define OURS	"nqn.2026-11.example:discovery"
#define THEIRS	"nqn.2026-11.example:theirs"
#define HOST	"nqn.2026-11.example:host"
#define NEAR	"nqn.2026-11.example:near"

static const char text[] =
	"listeners:\n"
	"  - address: 192.0.2.1:4420\n"
	"  - {address: \"0.0.0.0:4421\"}\n"
	"  - {address: \"[::]:4422\"}\n"
	"  - {address: \"*:4423\"}\n"
	"  - {address: \"192.0.2.1:8009\", discovery: true}\n"
	"discovery:\n"
	"  nqn: " OURS "\n"
	"  referrals:\n"
	"    - {address: \"198.51.100.9:8009\"}\n"
	"    - {address: \"[2001:db8::9]:8010\", nqn: " THEIRS "}\n"
	"    - {address: \"127.0.0.1:8011\"}\n"
	"    - {address: \"[fe80::9]:8012\"}\n"
	"transport: {flow-control-off: permit}\n"
	"subsystems:\n"
	"  - nqn: " A "\n"
	"    namespaces: [{nsid: 1, ram: 1M}]\n"
	"    hosts: [{nqn: " HOST "}, {nqn: " NEAR ", addresses: [198.51.100.0/24]}]\n"
	"  - nqn: " B "\n"
	"    namespaces: [{nsid: 1, ram: 1M}]\n"
	"    allow-any-host: true\n";

static struct config *cfg;
static struct listening listening[5];
static uint8_t *page;
static const struct nvmf_discovery_entry *entry;
static size_t n;
static uint64_t generation;

static struct ipc_addr
v4(uint8_t last, uint16_t port)
{
	struct ipc_addr a = { .family = AF_INET, .port = port, .addr = { 192, 0, 2, last } };

	if (last == 0)
		memset(a.addr, 0, sizeof(a.addr));
	return (a);
}

static struct ipc_addr
v6(uint8_t last, uint16_t port)
{
	struct ipc_addr a = { .family = AF_INET6, .port = port };

	if (last != 0) {
		a.addr[0] = 0xfe;
		a.addr[1] = 0x80;
		a.addr[15] = last;
		a.scope = 3;
	}
	return (a);
}

static int
setup(void **state)
{
	struct config_errors errors = { 0 };

	(void)state;
	if ((cfg = config_parse("test", text, sizeof(text) - 1, &errors)) == NULL) {
		config_errors_print(stderr, &errors);
		return (-1);
	}
	for (size_t i = 0; i < 5; i++)
		listening[i].config = &cfg->listeners[i];
	listening[0].address = v4(1, 4420);
	listening[1].address = v4(0, 4421);
	listening[2].address = v6(0, 4422);
	listening[3].address = v6(0, 4423);
	listening[4].address = v4(1, 8009);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	config_free(cfg);
	free(page);
	return (0);
}

static void
build(const char *host, struct ipc_addr peer, struct ipc_addr local, uint32_t listener)
{
	struct discovery_view v = { cfg, listening, 5, host, peer, local, listener };
	struct discovery_page built = discovery_build(&v);
	const struct nvmf_discovery_header *head = (const void *)built.data;

	free(page);
	page = built.data;
	assert_non_null(page);
	generation = built.generation;
	entry = (const struct nvmf_discovery_entry *)(head + 1);
	n = le64_get(head->numrec);
	assert_int_equal(built.size, 1024 * (n + 1));
	assert_int_equal(built.left_out, 0);
	assert_true(le64_get(head->genctr) == generation);
	assert_int_equal(le16_get(head->recfmt), 0);
}

static int
shows(const char *nqn, const char *address, const char *port)
{
	int found = 0;

	for (size_t i = 0; i < n; i++)
		found += strcmp((const char *)entry[i].subnqn, nqn) == 0 &&
		    strcmp((const char *)entry[i].traddr, address) == 0 &&
		    strcmp((const char *)entry[i].trsvcid, port) == 0;
	return (found);
}

static size_t
count(enum nvmf_subtype subtype)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += entry[i].subtype == subtype;
	return (found);
}

static void
over_ipv4(void **state)
{
	(void)state;
	build(HOST, v4(9, 50000), v4(1, 8009), 4);
	/* itself, and both subsystems over the address, 0.0.0.0 and * */
	assert_int_equal(count(NVMF_SUBTYPE_CURRENT), 4);
	assert_int_equal(count(NVMF_SUBTYPE_NVM), 6);
	assert_int_equal(entry[0].subtype, NVMF_SUBTYPE_CURRENT);
	assert_int_equal(shows(OURS, "192.0.2.1", "8009"), 1);
	assert_int_equal(shows(A, "192.0.2.1", "4420"), 1);
	assert_int_equal(shows(A, "192.0.2.1", "4421"), 1);
	assert_int_equal(shows(A, "192.0.2.1", "4423"), 1);
	assert_int_equal(shows(B, "192.0.2.1", "4420"), 1);
}

static void
over_ipv6(void **state)
{
	(void)state;
	build(HOST, v6(9, 50000), v6(1, 4422), 2);
	/* the IPv4 address is real, and shown; 0.0.0.0 cannot be told */
	assert_int_equal(count(NVMF_SUBTYPE_NVM), 6);
	assert_int_equal(shows(A, "fe80::1", "4422"), 1);	/* no scope: it is ours */
	assert_int_equal(shows(A, "fe80::1", "4423"), 1);
	assert_int_equal(shows(A, "192.0.2.1", "4420"), 1);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(entry[i].adrfam, strchr((const char *)entry[i].traddr, ':') ?
		    NVMF_ADRFAM_IPV6 : NVMF_ADRFAM_IPV4);
}

static void
per_host(void **state)
{
	(void)state;
	build("nqn.2026-11.example:stranger", v4(9, 1), v4(1, 8009), 4);
	assert_int_equal(count(NVMF_SUBTYPE_NVM), 3);
	assert_int_equal(shows(A, "192.0.2.1", "4420"), 0);
	assert_int_equal(shows(B, "192.0.2.1", "4420"), 1);
	/* named, but not from here */
	build(NEAR, v4(9, 1), v4(1, 8009), 4);
	assert_int_equal(count(NVMF_SUBTYPE_NVM), 3);
	build(NEAR, (struct ipc_addr){ .family = AF_INET, .addr = { 198, 51, 100, 7 } }, v4(1, 8009),
	    4);
	assert_int_equal(count(NVMF_SUBTYPE_NVM), 6);
}

static void
loopback(void **state)
{
	struct ipc_addr own = v4(1, 4420), away = listening[0].address;

	(void)state;
	memcpy(own.addr, (uint8_t[]){ 127, 0, 0, 1 }, 4);
	listening[0].address = own;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_int_equal(shows(A, "127.0.0.1", "4420"), 0);
	build(HOST, own, own, 0);
	assert_int_equal(shows(A, "127.0.0.1", "4420"), 1);
	listening[0].address = away;
}

/* fe80::1 on our link is not fe80::1 on another. */
static void
link_local(void **state)
{
	struct ipc_addr away = listening[0].address, other;

	(void)state;
	listening[0].address = v6(7, 4420);
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_int_equal(shows(A, "fe80::7", "4420"), 0);
	assert_int_equal(shows(NVME_DISCOVERY_NQN, "fe80::9", "8012"), 0);
	build(HOST, v6(9, 1), v6(1, 4422), 2);
	assert_int_equal(shows(A, "fe80::7", "4420"), 1);
	assert_int_equal(shows(NVME_DISCOVERY_NQN, "fe80::9", "8012"), 1);
	other = v6(1, 4422);
	other.scope = 4;
	build(HOST, v6(9, 1), other, 2);
	assert_int_equal(shows(A, "fe80::7", "4420"), 0);
	listening[0].address = away;
}

static const struct nvmf_discovery_entry *
find(const char *nqn, const char *address, const char *port)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp((const char *)entry[i].subnqn, nqn) == 0 &&
		    strcmp((const char *)entry[i].traddr, address) == 0 &&
		    strcmp((const char *)entry[i].trsvcid, port) == 0)
			return (&entry[i]);
	fail_msg("no entry of %s at %s %s", nqn, address, port);
	return (NULL);
}

static void
referrals(void **state)
{
	const struct nvmf_discovery_entry *e;

	(void)state;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_int_equal(count(NVMF_SUBTYPE_REFERRAL), 2);	/* none that is of this machine */
	e = find(THEIRS, "2001:db8::9", "8010");
	assert_int_equal(e->subtype, NVMF_SUBTYPE_REFERRAL);
	assert_int_equal(e->adrfam, NVMF_ADRFAM_IPV6);
	assert_int_equal(e->treq, 0);
	assert_int_equal(le16_get(e->eflags), 0);
	assert_int_equal(le16_get(e->portid), 0);
	assert_int_equal(le16_get(e->asqsz), 32);
	assert_int_equal(le16_get(e->cntlid), 0xffff);
	assert_int_equal(find(NVME_DISCOVERY_NQN, "198.51.100.9", "8009")->subtype,
	    NVMF_SUBTYPE_REFERRAL);
}

/* Where else our discovery is, and whether the same can be read there. */
static void
current(void **state)
{
	uint64_t there;

	(void)state;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	there = generation;
	build(HOST, v4(9, 1), v4(1, 4420), 0);
	assert_true(generation == there);	/* the same, in another order */
	assert_string_equal((const char *)entry[0].trsvcid, "4420");
	assert_int_equal(count(NVMF_SUBTYPE_CURRENT), 4);
	assert_int_equal(le16_get(find(OURS, "192.0.2.1", "4423")->eflags), 3);
	assert_int_equal(le16_get(find(OURS, "192.0.2.1", "4420")->eflags), 3);
	assert_int_equal(le16_get(find(OURS, "192.0.2.1", "8009")->eflags), 3);
	assert_int_equal(le16_get(find(OURS, "192.0.2.1", "8009")->portid), 5);
	/* by another address the wildcards are shown under that one */
	build(HOST, v4(9, 1), v4(2, 4421), 1);
	assert_int_equal(le16_get(find(OURS, "192.0.2.2", "4421")->eflags), 3);
	assert_int_equal(le16_get(find(OURS, "192.0.2.2", "4423")->eflags), 3);
	assert_int_equal(le16_get(find(OURS, "192.0.2.1", "8009")->eflags), 2);
	assert_false(generation == there);
	cfg->discovery.nqn[0] = '\0';
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_string_equal((const char *)entry[0].subnqn, NVME_DISCOVERY_NQN);
	strcpy(cfg->discovery.nqn, OURS);
}

static void
fields(void **state)
{
	(void)state;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	for (size_t i = 0; i < n; i++) {
		if (entry[i].subtype == NVMF_SUBTYPE_REFERRAL)
			continue;
		assert_int_equal(entry[i].trtype, NVMF_TRTYPE_TCP);
		assert_int_equal(entry[i].treq,
		    NVMF_TREQ_SECURE_NOT_REQUIRED | NVMF_TREQ_SQFLOW_OFF);
		assert_int_equal(le16_get(entry[i].cntlid), NVME_CNTLID_DYNAMIC);
		assert_true(le16_get(entry[i].asqsz) >= 32);
		assert_int_not_equal(le16_get(entry[i].portid), 0);
		assert_int_equal(entry[i].tsas[0], 0);
	}
	/* a port is the same port whatever is asked of it */
	assert_int_equal(le16_get(entry[0].portid), 5);
}

static void
generations(void **state)
{
	uint64_t first;

	(void)state;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	first = generation;
	build(HOST, v4(9, 2), v4(1, 8009), 4);
	assert_true(generation == first);
	cfg->transport.flow_control_off = false;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_false(generation == first);
	cfg->transport.flow_control_off = true;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_true(generation == first);
	listening[0].address.port = 4499;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_false(generation == first);
	listening[0].address.port = 4420;
	cfg->discovery.nreferrals--;	/* one that this host is not told of */
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_true(generation == first);
	cfg->discovery.nreferrals -= 2;
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_false(generation == first);
	cfg->discovery.nreferrals += 3;
}

/* There is an end to every log, and what is not in it is counted. */
static void
full(void **state)
{
	static struct listening many[4000];
	struct discovery_view v = { cfg, many, 4000, HOST, v4(9, 1), v4(1, 4420), 0 };
	const struct nvmf_discovery_header *head;
	struct discovery_page built;

	(void)state;
	for (size_t i = 0; i < 4000; i++) {
		many[i] = listening[0];
		many[i].address.port = (uint16_t)(5000 + i);
	}
	built = discovery_build(&v);
	head = (const void *)built.data;
	assert_non_null(head);
	assert_int_equal(le64_get(head->numrec), DISCOVERY_ENTRIES);
	assert_int_equal(built.size, 1024 * (DISCOVERY_ENTRIES + 1));
	/* itself and 4000 ports, two referrals, two subsystems at each of the ports */
	assert_int_equal(built.left_out, 1 + 4000 + 2 + 2 * 4000 - DISCOVERY_ENTRIES);
	free(built.data);
}

/* What another host may reach is not this one's business. */
static void
not_of_others(void **state)
{
	uint64_t first;

	(void)state;
	build("nqn.2026-11.example:stranger", v4(9, 1), v4(1, 8009), 4);
	first = generation;
	cfg->subsystems[0].nhosts = 0;
	build("nqn.2026-11.example:stranger", v4(9, 1), v4(1, 8009), 4);
	assert_true(generation == first);
	build(HOST, v4(9, 1), v4(1, 8009), 4);
	assert_int_equal(count(NVMF_SUBTYPE_NVM), 3);
	cfg->subsystems[0].nhosts = 2;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_ipv4),
		cmocka_unit_test(over_ipv6),
		cmocka_unit_test(per_host),
		cmocka_unit_test(loopback),
		cmocka_unit_test(link_local),
		cmocka_unit_test(referrals),
		cmocka_unit_test(current),
		cmocka_unit_test(fields),
		cmocka_unit_test(generations),
		cmocka_unit_test(full),
		cmocka_unit_test(not_of_others),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
