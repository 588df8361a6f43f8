/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real cellblockd, with the test as every broker; see warden_world.c. What does not come as it
 * should ends the test.
 */
#ifndef TESTS_UNIT_WARDEN_WORLD_H
#define TESTS_UNIT_WARDEN_WORLD_H

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/ipc.h"

#define SOON_MS 60000		/* nothing waits that long unless it is broken */
#define UID_BASE 1000000u

extern pid_t warden;		/* 0: it has ended */
extern bool is_root;

/* ---- messages, seen raw ---- */
struct message {
	struct { uint16_t magic, type; uint32_t size; } head;
	_Alignas(8) uint8_t payload[IPC_MAX_PAYLOAD];
	int fds[8];
	unsigned nfds;
};

void	forget(struct message *);	/* its descriptors */
bool	hear(int fd, struct message *);	/* false at end of file */
void	expect(int fd, uint32_t type, struct message *);
#define EXPECT(fd, NAME, m) expect((fd), IPC_##NAME, (m))
void	expect_end(int fd);	/* end of file, after whatever else was under way */

/* ---- brokers ---- */
int	broker_comes(void);
struct ipc_jail hear_jail(int b);	/* with the root directory, or as a child sent it back */
unsigned hear_held(int b, struct ipc_held *last);	/* up to HELD_END; how many were held */
void	say_settings(int b, uint32_t workers);
void	say_ready(int b);
int	broker_takes_charge(uint32_t workers);	/* from its first word to GO, with nothing special */
void	hold(int b, uint32_t kind, uint8_t mark);
struct ipc_spawned spawn(int b, uint32_t role, uint32_t path, int ends[2]);
struct ipc_spawned spawn_worker(int b);	/* one whose ends we may close */
void	release(int b, uint32_t child);
void	expect_gone(int b, uint32_t child);

/* ---- the warden ---- */
/* sockets: how many the service manager passes, named "nvme", "nvme", "other"... */
void	warden_start(int sockets);
int	warden_exit(void);		/* its exit status, or -1 */
bool	manager_hears(const char *words);
int	setup(void **state);		/* of a story: a warden begins */
int	teardown(void **state);
int	setup_all(void **state);	/* of all: a tree of programs */
int	teardown_all(void **state);

#define STORY(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
