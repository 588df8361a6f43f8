/* SPDX-License-Identifier: BSD-2-Clause */
/* See broker_world.h. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/nvme.h"
#include "tests/unit/broker_world.h"

char file[128], config[128], state_dir[128];
struct fake_warden w;
struct fake_peer listener, spare;
static char dir[64];
static struct ipc_listen listen_message;
static int listening = -1;
static uint16_t port;

#define DISKS "{nsid: 1, ram: 1M}, {nsid: 5, path: %s}"
#define HOSTS "{nqn: " HOST "}, {nqn: " READER ", read-only: true}"

static void
write_config(const char *state, const char *namespaces, const char *hosts, const char *more)
{
	FILE *f = fopen(config, "w");

	assert_non_null(f);
	fprintf(f, "service: {sandbox: prefer, state-dir: %s, spares: 1, log-level: error,\n"
	    "  control-socket: %s/control}\n"
	    "limits: {greeting-timeout: 1s, controllers-per-host: 2, change-timeout: 500ms}\n"
	    "listeners: [{address: \"127.0.0.1:%u\"}]\n"
	    "subsystems:\n"
	    "  - nqn: " SUB "\n"
	    "    namespaces: [%s]\n"
	    "    hosts: [%s]\n%s",
	    state, dir, port, namespaces, hosts, more);
	fclose(f);
}

void
world_config(const char *more)
{
	char namespaces[256];

	snprintf(namespaces, sizeof(namespaces), DISKS, file);
	write_config("none", namespaces, HOSTS, more);
}

void
world_config_with(const char *namespaces, const char *hosts, const char *more)
{
	write_config("none", namespaces, hosts, more);
}

void
world_config_state(void)
{
	char namespaces[256];

	snprintf(state_dir, sizeof(state_dir), "%s/state", dir);
	if (mkdir(state_dir, 0700) == -1)
		assert_int_equal(errno, EEXIST);
	snprintf(namespaces, sizeof(namespaces), DISKS, file);
	write_config(state_dir, namespaces, HOSTS ", {nqn: " OTHER ", may-write-protect: true}", "");
}

int
world_ctl(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/control", dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return (fd);
}

/* One that nobody has now. */
static uint16_t
free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	return (ntohs(sin.sin_port));
}

int
world_setup(void **state)
{
	(void)state;
	port = free_port();
	snprintf(dir, sizeof(dir), "/tmp/cellblock-broker.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return (-1);
	snprintf(file, sizeof(file), "%s/disk", dir);
	snprintf(config, sizeof(config), "%s/yaml", dir);
	world_config("");
	memset(&w, 0, sizeof(w));
	return (0);
}

static void
world_clean_state(void)
{
	struct dirent *e;
	DIR *d = state_dir[0] == '\0' ? NULL : opendir(state_dir);

	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	(void)rmdir(state_dir);
	state_dir[0] = '\0';
}

int
world_teardown(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/control", dir);
	unlink(path);
	unlink(file);
	unlink(config);
	world_clean_state();
	return (rmdir(dir));
}

/* ---- the parts that every story begins with ---- */

static struct ipc_claimed
measures(void)
{
	return ((struct ipc_claimed){ .kind = BACKEND_FILE, .size = 1 << 20, .block_size = 512,
	    .phys_block_size = 4096 });
}

void
answer_claim(void)
{
	struct ipc_claimed m = measures();
	struct fake_peer opener;
	int fd = open(file, O_RDWR | O_CREAT, 0600);

	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	fake_spawned(&w, ROLE_OPENER, &opener);
	fake_expect(&opener, IPC_CLAIM);
	FAKE_SAY_FD(&opener, CLAIMED, &m, &fd);
	close(fd);
	FAKE_UNTIL(&w, fake_find_held(&w, HOLD_CLAIM, 0) != NULL);
	fake_gone(&w, &opener, 0);
}

void
heard_listen(void)
{
	if (listening != -1)
		close(listening);
	listening = listener.got.fds[0];
	listener.got.fds[0] = -1;
	assert_int_not_equal(listening, -1);
}

void
start_listener(void)
{
	struct ipc_ready ready = { 0 };

	fake_spawned(&w, ROLE_LISTENER, &listener);
	FAKE_SAY(&listener, LISTENER_READY, &ready);
	fake_expect(&listener, IPC_UNLISTEN);
	fake_expect(&listener, IPC_GREET_LIMITS);
	fake_expect(&listener, IPC_LISTEN);
	memcpy(&listen_message, listener.got.payload, sizeof(listen_message));
	heard_listen();
}

void
start_spare(void)
{
	struct ipc_ready ready = { 0 };
	const struct ipc_hello *hello;
	const struct ipc_slot *slot;

	fake_spawned(&w, ROLE_WORKER, &spare);
	hello = fake_expect(&spare, IPC_HELLO);
	assert_int_equal(hello->greeting_timeout_ms, 1000);
	FAKE_SAY(&spare, WORKER_READY, &ready);
	slot = fake_expect(&listener, IPC_SPARE);
	assert_int_equal(slot->slot, spare.child);
}

void
start_all(void)
{
	fake_start(&w, config);
	answer_claim();
	fake_go(&w);
	start_listener();
	start_spare();
}

/* A connection for the spare; the next spare is on its way. Returns the greeter. */
struct fake_peer
greet(uint8_t last)
{
	struct ipc_greeting m = { .slot = spare.child, .listener = listen_message.index };
	struct fake_peer greeter = spare;

	m.peer = (struct ipc_addr){ .family = AF_INET, .port = 1024, .addr = { 127, 0, 0, last } };
	m.local = (struct ipc_addr){ .family = AF_INET, .addr = { 127, 0, 0, 1 } };
	m.local.port = port;
	FAKE_SAY(&listener, GREETING, &m);
	FAKE_UNTIL(&w, w.record[greeter.child] != -1);
	start_spare();
	return (greeter);
}

struct ipc_connect
connect_of(const char *host, uint16_t qid, uint16_t cntlid)
{
	struct ipc_connect m;

	memset(&m, 0, sizeof(m));
	m.qid = qid;
	m.cntlid = qid == 0 ? NVME_CNTLID_DYNAMIC : cntlid;
	m.sqsize = 32;
	m.hostid[0] = 7;
	snprintf(m.hostnqn, sizeof(m.hostnqn), "%s", host);
	snprintf(m.subnqn, sizeof(m.subnqn), SUB);
	return (m);
}

/* An opener for each namespace; the RAM disk's claim is a memory file. */
void
answer_reopen(uint32_t readonly)
{
	const struct ipc_reopen *asked;
	struct ipc_drain m;
	struct fake_peer opener;
	int fd;

	fake_spawned(&w, ROLE_OPENER, &opener);
	asked = fake_expect(&opener, IPC_REOPEN);
	assert_int_equal(asked->readonly, readonly);
	assert_true(asked->lock_offset >= UINT64_C(1) << 62);
	m.lock_offset = asked->lock_offset;
	fd = open("/dev/null", O_RDWR);
	FAKE_SAY_FD(&opener, REOPENED, &m, &fd);
	close(fd);
	fake_gone(&w, &opener, 0);
}

/* What a new broker says of ranges, when every worker has forgotten what the last one granted. */
static bool
is_all_free(const struct fake_got *g)
{
	const struct ipc_range_ref *m = (const void *)g->payload;

	return (g->type == IPC_RANGE_FREE && m->token == 0);
}

/* What may come in between at any time, or from every new broker. */
static bool
is_aside(const struct fake_got *g)
{
	return (g->type == IPC_PING || g->type == IPC_RESV_AGAIN || g->type == IPC_RANGE_RESET ||
	    is_all_free(g));
}

/* The next message is of that type: order matters here. */
const void *
next_is(struct fake_peer *p, uint32_t type)
{
	p->peer.ctx = p;	/* it may have been copied */
	do
		assert_int_equal(ipc_dispatch_wait(&p->peer, FAKE_WAIT_MS), 1);
	while (p->got.type != type && is_aside(&p->got));
	assert_int_equal(p->got.type, type);
	return (p->got.payload);
}

uint16_t
admit(struct fake_peer *g, const char *host, uint32_t readonly)
{
	struct ipc_connect m = connect_of(host, 0, 0);
	const struct ipc_admit *a;
	const struct ipc_ns *ns;
	const struct ipc_slot *over;

	FAKE_SAY(g, CONNECT, &m);
	answer_reopen(readonly);
	answer_reopen(readonly);
	for (int i = 0; i < 2; i++) {
		ns = next_is(g, IPC_NS);
		assert_int_equal(ns->nsid, i == 0 ? 1 : 5);
		assert_int_equal(ns->ram, i == 0);
		assert_int_equal(ns->readonly, readonly);
		assert_int_equal(ns->nlbas, 2048);
	}
	a = next_is(g, IPC_ADMIT);
	assert_int_equal(a->nns, 2);
	assert_int_equal(a->nn, 1024);
	assert_string_equal(a->subnqn, SUB);
	assert_in_range(a->cntlid, 1, NVME_CNTLID_MAX);
	over = fake_expect(&listener, IPC_GREETED);
	assert_int_equal(over->slot, g->child);
	assert_int_equal(over->outcome, GREET_ADMITTED);
	return (a->cntlid);
}

void
world_end(void)
{
	close(listening);
	listening = -1;
	fake_stop(&w);
	fake_close(&listener);
	fake_close(&spare);
}
