/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A warden for tests: runs the real broker and plays everybody it speaks to (warden, listener,
 * workers, openers), one step at a time. Nothing here decides; a test says what is expected next.
 * A message that does not come ends the test.
 */
#ifndef TESTS_UNIT_FAKE_WARDEN_H
#define TESTS_UNIT_FAKE_WARDEN_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/ipc.h"

enum { FAKE_HELD = 160, FAKE_LIST = 256, FAKE_WAIT_MS = 20000 };

/* What came last over a channel. Descriptors are the test's once taken (set to -1). */
struct fake_got {
	uint32_t type;
	_Alignas(8) uint8_t payload[IPC_MAX_PAYLOAD];
	int fds[IPC_MAX_FDS];
	bool any;
};

/* Our end of a channel: the other side is the broker. */
struct fake_peer {
	struct ipc_peer peer;
	struct fake_got got;
	uint32_t child;
	int door;			/* a worker's own end of its door */
};

struct fake_held {
	struct ipc_held name;
	int fd;
};

struct fake_list {
	uint32_t value[FAKE_LIST];
	unsigned n;
};

struct fake_warden {
	pid_t pid;
	struct fake_peer broker;
	struct ipc_settings settings;
	char path[8][IPC_PATH_SIZE];
	struct fake_held held[FAKE_HELD];
	unsigned nheld;
	struct ipc_spawn spawn[FAKE_LIST];	/* asked for, not answered */
	unsigned nspawn;
	struct fake_list killed, released;
	int record[FAKE_LIST];		/* by child */
	char status[IPC_TEXT_SIZE];	/* of the last ALIVE */
	bool ready, drained;
	uint32_t last_child;
};

/* Starts a broker that reads the file. Held descriptors of an earlier one are told it. */
void	fake_start(struct fake_warden *, const char *file);
void	fake_go(struct fake_warden *);
void	fake_stop(struct fake_warden *);	/* closes its channel; it must end with 0 */
/* The warden's part of what outlives a broker, into a new one. */
void	fake_inherit(struct fake_warden *to, struct fake_warden *from);

/* Reads what the broker says to the warden, until the condition holds. */
#define FAKE_UNTIL(w, condition) do {		\
	while (!(condition))			\
		fake_step(w);			\
} while (0)
void	fake_step(struct fake_warden *);
void	fake_catch_up(struct fake_warden *);	/* all that it has said by now */
bool	fake_has(const struct fake_list *, uint32_t);
const struct fake_held *fake_find_held(const struct fake_warden *, uint32_t kind, unsigned nth);

/* Waits until a process of that role is asked for, and answers. */
void	fake_spawned(struct fake_warden *, enum role, struct fake_peer *);
void	fake_gone(struct fake_warden *, struct fake_peer *, int status);
/* Tells a new broker of a live child. */
void	fake_child(struct fake_warden *, enum role, struct fake_peer *);

/* The next message of that type, others before it (PING, say) are dropped. */
const void *fake_expect(struct fake_peer *, uint32_t type);
bool	fake_hears_nothing(struct fake_peer *, uint32_t type);	/* of that type, by now */
bool	fake_is_closed(struct fake_peer *);
void	fake_close(struct fake_peer *);

#define FAKE_SAY(p, NAME, m)		fake_say((p), IPC_##NAME, (m), sizeof(*(m)), NULL)
#define FAKE_SAY_FD(p, NAME, m, fd)	fake_say((p), IPC_##NAME, (m), sizeof(*(m)), (fd))
void	fake_say(struct fake_peer *, uint32_t type, const void *, size_t, const int *fd);

#endif
